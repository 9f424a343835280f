/** Scenarios that PyBun does not answer as expected, each with the reason. */
export const MISSES: Record<string, string> = {
  'preferences-dependent-forking-conflicting': `The scenario expects no solution, and its own packages have one, which
    its description names as the outcome of a fresh run: "We write cleaver 1, foo 1, foo 2, bar 1 and bar 2". cleaver 1
    needs foo==1 on Linux only and bar==1 elsewhere only; so on Linux foo 1 with bar 2, elsewhere foo 2 with bar 1. Every
    requirement whose marker holds is met by one version at every point, which is what "Dependency specifiers" asks: a
    requirement whose marker is false is ignored. PyBun finds that solution, and the test below checks it there.`,
}
