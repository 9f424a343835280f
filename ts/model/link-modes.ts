/** How files get from the store into environments. */
export const LINK_MODES = ['auto', 'hardlink', 'reflink', 'copy', 'tree']
