//! Tools and libraries that builds need, and what the systems call them.

/// A tool or library, and the packages that bring it: apt, dnf, apk, brew.
pub(crate) struct Package {
    pub missing: &'static str,
    pub apt: &'static str,
    pub dnf: &'static str,
    pub apk: &'static str,
    pub brew: &'static str,
}

const fn package(
    missing: &'static str,
    apt: &'static str,
    dnf: &'static str,
    apk: &'static str,
    brew: &'static str,
) -> Package {
    Package { missing, apt, dnf, apk, brew }
}

const COMPILER: Package = package("a C compiler", "build-essential", "gcc gcc-c++ make", "build-base", "gcc");
const FORTRAN: Package = package("a Fortran compiler", "gfortran", "gcc-gfortran", "gfortran", "gcc");
const CMAKE: Package = package("CMake", "cmake", "cmake", "cmake", "cmake");
const NINJA: Package = package("Ninja", "ninja-build", "ninja-build", "samurai", "ninja");
const PKG_CONFIG: Package = package("pkg-config", "pkg-config", "pkgconf-pkg-config", "pkgconf", "pkgconf");
const SWIG: Package = package("SWIG", "swig", "swig", "swig", "swig");
const POSTGRES: Package = package("the PostgreSQL client library", "libpq-dev", "libpq-devel", "libpq-dev", "libpq");
const MYSQL: Package = package(
    "the MySQL client library",
    "default-libmysqlclient-dev pkg-config",
    "mariadb-connector-c-devel pkgconf-pkg-config",
    "mariadb-dev pkgconf",
    "mysql-client pkgconf",
);

/// Text of the output that says that a tool is missing.
pub(crate) const TOOLS: [(&[&str], Package); 8] = [
    (&["pg_config executable not found", "pg_config: not found"], POSTGRES),
    (&["mysql_config not found", "mysql_config: not found", "Can not find valid pkg-config name"], MYSQL),
    (
        &["Unknown compiler(s): [['gfortran'", "gfortran: not found", "no Fortran compiler", "'gfortran' failed"],
        FORTRAN,
    ),
    (&["CMake must be installed", "directory: 'cmake'", "cmake: not found", "Could not find CMake"], CMAKE),
    (&["directory: 'ninja'", "ninja: not found", "Could not find Ninja", "Could not detect Ninja"], NINJA),
    (
        &[
            "pkg-config: not found",
            "directory: 'pkg-config'",
            "pkg-config is required",
            "pkg-config: command not found",
        ],
        PKG_CONFIG,
    ),
    (&["directory: 'swig'", "swig: not found", "command 'swig' failed"], SWIG),
    (
        &[
            "unable to execute 'gcc'",
            "command 'gcc' failed: No such file",
            "-gcc' failed: No such file",
            "command 'cc' failed: No such file",
            "command 'g++' failed: No such file",
            "command 'clang' failed: No such file",
            "gcc: not found",
            "cc: not found",
            "no acceptable C compiler found",
            "Unknown compiler(s)",
            "linker `cc` not found",
            "No CMAKE_C_COMPILER could be found",
            "No CMAKE_CXX_COMPILER could be found",
        ],
        COMPILER,
    ),
];

/// The start of a header's path, or the name of a library, and who brings it.
pub(crate) const LIBRARIES: [(&[&str], Package); 22] = [
    (&["libpq-fe.h", "pq"], POSTGRES),
    (&["mysql.h", "mysql/", "mysqlclient", "mariadb"], MYSQL),
    (&["ffi.h", "ffi"], package("libffi", "libffi-dev", "libffi-devel", "libffi-dev", "libffi")),
    (&["openssl/", "ssl", "crypto"], package("OpenSSL", "libssl-dev", "openssl-devel", "openssl-dev", "openssl")),
    (&["zlib.h", "z"], package("zlib", "zlib1g-dev", "zlib-devel", "zlib-dev", "zlib")),
    (&["bzlib.h", "bz2"], package("bzip2", "libbz2-dev", "bzip2-devel", "bzip2-dev", "bzip2")),
    (&["lzma.h", "lzma"], package("liblzma", "liblzma-dev", "xz-devel", "xz-dev", "xz")),
    (
        &["libxml/", "libxslt/", "xml2", "xslt"],
        package(
            "libxml2 and libxslt",
            "libxml2-dev libxslt1-dev",
            "libxml2-devel libxslt-devel",
            "libxml2-dev libxslt-dev",
            "libxml2 libxslt",
        ),
    ),
    (&["jpeglib.h", "jpeg"], package("libjpeg", "libjpeg-dev", "libjpeg-turbo-devel", "jpeg-dev", "jpeg-turbo")),
    (&["ft2build.h", "freetype"], package("FreeType", "libfreetype-dev", "freetype-devel", "freetype-dev", "freetype")),
    (&["sqlite3.h", "sqlite3"], package("SQLite", "libsqlite3-dev", "sqlite-devel", "sqlite-dev", "sqlite")),
    (
        &["lber.h", "ldap.h", "ldap", "lber"],
        package(
            "OpenLDAP",
            "libldap2-dev libsasl2-dev",
            "openldap-devel cyrus-sasl-devel",
            "openldap-dev cyrus-sasl-dev",
            "openldap",
        ),
    ),
    (&["sasl/", "sasl2"], package("Cyrus SASL", "libsasl2-dev", "cyrus-sasl-devel", "cyrus-sasl-dev", "cyrus-sasl")),
    (&["krb5.h", "gssapi", "krb5"], package("Kerberos", "libkrb5-dev", "krb5-devel", "krb5-dev", "krb5")),
    (
        &["portaudio.h", "portaudio"],
        package("PortAudio", "portaudio19-dev", "portaudio-devel", "portaudio-dev", "portaudio"),
    ),
    (&["hdf5.h", "hdf5"], package("HDF5", "libhdf5-dev", "hdf5-devel", "hdf5-dev", "hdf5")),
    (&["gmp.h", "gmp"], package("GMP", "libgmp-dev", "gmp-devel", "gmp-dev", "gmp")),
    (&["geos_c.h", "geos_c"], package("GEOS", "libgeos-dev", "geos-devel", "geos-dev", "geos")),
    (&["snappy-c.h", "snappy"], package("Snappy", "libsnappy-dev", "snappy-devel", "snappy-dev", "snappy")),
    (&["curl/", "curl"], package("libcurl", "libcurl4-openssl-dev", "libcurl-devel", "curl-dev", "curl")),
    (&["systemd/", "systemd"], package("libsystemd", "libsystemd-dev", "systemd-devel", "elogind-dev", "")),
    (
        &["cairo.h", "cairo"],
        package(
            "Cairo",
            "libcairo2-dev pkg-config",
            "cairo-devel pkgconf-pkg-config",
            "cairo-dev pkgconf",
            "cairo pkgconf",
        ),
    ),
];
