"""What pypa/packaging answers about versions, specifiers, markers and requirements, for the Rust tests to agree with.

    python3 oracle.py            writes the tables beside this file anew (needs `packaging`; the first line names which)
    python3 oracle.py --check    fails when the tables are not what the installed `packaging` answers

The cases are made by combination and from seeds, so that the same program always asks the same questions.
"""

import itertools
import json
import pathlib
import random
import sys

import packaging
from packaging.markers import InvalidMarker, Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

HERE = pathlib.Path(__file__).resolve().parent


def main():
    tables = {"versions.txt": versions(), "specifiers.txt": specifiers(), "markers.txt": markers(), "requirements.txt": requirements()}
    changed = []
    for name, lines in tables.items():
        text = "\n".join(["# made by oracle.py with packaging %s" % packaging.__version__, *lines]) + "\n"
        path = HERE / name
        if "--check" in sys.argv:
            if not path.exists() or path.read_text(encoding="utf-8").split("\n", 1)[1] != text.split("\n", 1)[1]:
                changed.append(name)
        else:
            path.write_text(text, encoding="utf-8")
            print(name, len(lines), "lines")
    if changed:
        sys.exit("packaging %s answers otherwise: %s" % (packaging.__version__, ", ".join(changed)))


# Versions: text, normal form or "-", and the place in the order (equal versions have one place).

EPOCHS = ["", "1!"]
RELEASES = ["0", "0.9", "1", "1.0", "1.0.0", "1.0.1", "1.1", "1.10", "2", "2.0.3", "2024.1"]
SUFFIXES = ["", "a1", "a2", "b1", "rc1", "rc2", ".post0", ".post1", ".dev0", ".dev1", "a1.dev2", "a1.post1", "rc1.post2.dev3", ".post1.dev2"]
LOCALS = ["", "+abc", "+abc.1", "+1", "+1.abc", "+5", "+10", "+cu118"]
SPELLINGS = """
v1.0 V1.0 1.0alpha1 1.0-alpha-1 1.0_alpha.1 1.0.a.1 1.0A1 1.0beta 1.0b 1.0c1 1.0pre1 1.0preview2 1.0-RC.1 1.0-1 1.0-0 1.0post 1.0.post
1.0-post1 1.0post-1 1.0_post_1 1.0rev3 1.0-r3 1.0r 1.0dev 1.0-dev 1.0.dev 1.0_dev_4 1.0DEV1 01.02 1.00 00! 1.0+Ubuntu-1 1.0+ubuntu_1.2 1.0+001
1.0+ABC 0!1.0 1.0a 1.0a01 1.0.post01 1!1.0-1 v1!2.0RC1.POST2.DEV3+Local_1 1.0a1-1 2012.4 1.0.0.0.0.0.0.0.0.1 99999999999999.1
""".split() + [" 1.0", "1.0 ", "\t1.0"]
BAD_VERSIONS = """
abc 1. .1 1..0 1.0- 1.0+ 1.0+! 1.0a1b2 1! !1 1.0.* 1.0+a+b 1.0--1 1.0.post1.post2 1.0.dev1.dev2 1.0.dev1a1 1.0dev1.post1 v vv1 1.0+-a 1.0+a- 1,0 1.0x 1.0rc1rc2
latest 1.0.x -1 1_0 1-2-3 1.0.final french1 1.0+a..b 1.0+ä １.0
""".split() + ["", " ", "1 .0", "1.0 a1"]


def normal_versions():
    chosen = random.Random(440)
    every = ["".join(parts) for parts in itertools.product(EPOCHS, RELEASES, SUFFIXES, LOCALS)]
    return sorted(chosen.sample(every, 300) + [r + s for r in ("1.0", "1") for s in SUFFIXES] + ["1.0" + l for l in LOCALS])


def versions():
    texts = list(dict.fromkeys(normal_versions() + SPELLINGS + BAD_VERSIONS))
    parsed = {}
    for text in texts:
        try:
            parsed[text] = Version(text)
        except InvalidVersion:
            parsed[text] = None
    order = {version: place for place, version in enumerate(sorted({v for v in parsed.values() if v is not None}))}
    return ["\t".join([quoted(t), str(v), str(order[v])] if v is not None else [quoted(t), "-", "-"]) for t, v in parsed.items()]


# Specifiers: a line of versions, then specifier and a bit for each version as one hexadecimal number, or "-".

SOME = """
0.9 1.dev1 1.0a1 1.0a1.dev2 1.0a1.post1 1.0a2 1.0b1 1.0rc1 1 1.0 1.0.0 1.0+abc 1.0+5 1.0+abc.1 1.0.post0 1.0.post1.dev2 1.0.post1 1.0.post1+abc 1.0.1 1.0.1.dev1
1.0.1a1 1.0.1+abc 1.1.dev1 1.1a1 1.1 1.1+5 1.1.post1 1.2 1.9.9 1.10 1.10.1 1.99 2.dev1 2.0a1 2.0rc1 2 2.0+abc 2.0.post1 2.0.1 2.1 3 1!0.9 1!1.0 1!1.0+abc 1!1.0.post1
1!1.1a1 2!1 2024.1 0 0.dev1
""".split()
OPERANDS = """
1 1.0 1.0.0 1.1 1.10 2 2.0 2.0.1 0 1.0a1 1.0rc1 1.0.dev1 1.0a1.dev2 1.0a1.post1 1.0.post1 1.0.post1.dev2 2.0a1 2.0.dev1 1!1 1!1.0 1!1.0a1 1.0.1a1 1.1.post1
""".split()
LOCAL_OPERANDS = ["1.0+abc", "1.0+5", "1.0+ABC_1", "1.0.post1+abc", "2.0+abc", "1!1.0+abc"]
WILDCARDS = ["1.*", "1.0.*", "1.0.0.*", "1.1.*", "2.*", "0.*", "1!1.*", "1!1.0.*", "01.0.*", "v1.*"]
SETS = """
>=1,<2 >=1.0,!=1.1,<2.0 >1,<=2 ~=1.0,!=1.1.* ==1.*,!=1.0 >=1.0a1,<1.1 >1.0.post1,<2.0a1 <1,>2 ==1.0,==1.0 >=1.0,==1.0+abc !=1.0,!=1.0+abc >=1!0,<2!0 ,>=1 >=1,
""".split() + [">= 1 , < 2", ">=1 ,<2", " ==1.0 ", "", ">=1.0 , != 1.0.post1"]
BAD_SPECIFIERS = """
~=1 ~=1! ~=1a1 >=1.* <=1.* >1.* <1.* ~=1.* ~=1.0.* >1.0+abc <1.0+abc >=1.0+abc <=1.0+abc ~=1.0+abc ==1.0a1.* ==1.0.dev1.* ==1.0.post1.* ==1.0+abc.* ==* !=* >=* =1.0
1.0 >= ==  => =>1 =<1 ==1.0==1.0 >=1;<2 >=1<2 >=french ==1.0.*.* <>1 ><1 !1 ~1 ^1 ==1,,>=2
""".split()


def specifiers():
    every = [op + v for op in ("==", "!=", "<=", ">=", "<", ">", "~=") for v in OPERANDS]
    every += [op + v for op in ("==", "!=") for v in LOCAL_OPERANDS + WILDCARDS]
    every += ["===" + v for v in ("1.0", "1", "1.0+abc", "1.0A1", "1.0a1", "1!1.0", "2.0.post1")] + SETS + BAD_SPECIFIERS
    chosen = random.Random(441)
    pieces = [op + v for op in ("!=", "<=", ">=", "<", ">") for v in OPERANDS + ["1.9", "3", "0.9"]]
    every += [",".join(chosen.sample(pieces, chosen.choice([2, 2, 3]))) for _ in range(120)]
    lines = [" ".join(SOME)]
    for text in dict.fromkeys(every):
        try:
            specifier = SpecifierSet(text)
        except InvalidSpecifier:
            lines.append("%s\t-" % quoted(text))
            continue
        bits = sum(1 << at for at, version in enumerate(SOME) if specifier.contains(Version(version), prereleases=True))
        lines.append("%s\t%x" % (quoted(text), bits))
    return lines


# Markers: environments as lines of JSON, then marker and a bit for each environment, or "-".

VALUES = {
    "python_version": ["3.8", "3.9", "3.10", "3.11", "3.12"],
    "python_full_version": ["3.8.20", "3.9.1", "3.10.0", "3.11.7", "3.12.0"],
    "implementation_version": ["7.3.11", "3.9.1", "3.10.0", "3.11.7", "3.12.0"],
    "os_name": ["posix", "nt", "posix", "posix", "java"],
    "sys_platform": ["linux", "win32", "darwin", "linux", "cygwin"],
    "platform_machine": ["x86_64", "AMD64", "arm64", "aarch64", ""],
    "platform_python_implementation": ["PyPy", "CPython", "CPython", "CPython", "Jython"],
    "platform_release": ["6.1.0-18-amd64", "10", "22.6.0", "5.15", ""],
    "platform_system": ["Linux", "Windows", "Darwin", "Linux", "Java"],
    "platform_version": ["#1 SMP PREEMPT_DYNAMIC", "10.0.19045", "Darwin Kernel Version 22.6.0", "#75~20.04.1-Ubuntu", "1.8"],
    "implementation_name": ["pypy", "cpython", "cpython", "cpython", "jython"],
}
COMPARED = {
    "python_version": ["3.8", "3.9", "3.10", "3.11", "3", "3.9.1", "3.10.*", "4.0"],
    "python_full_version": ["3.9", "3.9.1", "3.10.0", "3.11.7", "3.12.*"],
    "implementation_version": ["3.9.1", "3.10", "7.3"],
    "os_name": ["posix", "nt", "po"],
    "sys_platform": ["linux", "win32", "darwin", "win", "linux2"],
    "platform_machine": ["x86_64", "arm64", "AMD64", ""],
    "platform_python_implementation": ["CPython", "PyPy"],
    "platform_system": ["Linux", "Windows", "Darwin"],
    "platform_version": ["#1 SMP PREEMPT_DYNAMIC", "10.0.19045"],
    "platform_release": ["6.1.0-18-amd64"],
    "implementation_name": ["cpython", "pypy"],
}
WRITTEN_MARKERS = [
    "python_version in '3.8 3.9'", "python_version not in '3.8, 3.9'", "'3.9' in python_version", "python_version in '3.10'",
    "sys_platform in 'linux darwin'", "'win' in sys_platform", "'win' not in sys_platform", "sys_platform not in 'win32,cygwin'",
    "platform_machine in 'x86_64 AMD64 arm64'", "'SMP' in platform_version", "'Ubuntu' not in platform_version",
    "os_name == 'posix' and python_version >= '3.9' or sys_platform == 'win32'", "os_name == 'posix' and (python_version >= '3.11' or sys_platform == 'darwin')",
    "os_name == 'nt' or os_name == 'posix' and python_version < '3.9'", "(os_name == 'nt' or os_name == 'posix') and python_version < '3.10'",
    "((os_name == 'nt'))", "(python_version<'3.10')and(os_name=='posix')", "python_version>='3.9'and os_name=='posix'",
    'sys_platform == "linux"', "sys_platform=='linux'", "  sys_platform  ==  'linux'  ", "'linux' == sys_platform", "'3.9' <= python_version", "'3.9' > python_version",
    "'3.10' ~= python_version", "'3.9' == python_version", "'3.9' != python_version", "'3.8' < python_full_version",
    "python_version ~= '3.9'", "python_version ~= '3.9.0'", "python_full_version ~= '3.9.0'", "python_version === '3.9'", "python_full_version === '3.9.1'",
    "python_version == '3.*'", "python_version != '3.9.*'", "python_full_version == '3.9.*'", "python_full_version != '3.10.*'",
    "python_version >= '3' and python_version < '3.11' and sys_platform != 'win32'", "python_version > '3.8' or python_version < '3.8'",
    "python_full_version == '3.10.0rc1'", "platform_release != '10'", "platform_release == '10'", "os.name == 'posix'", "sys.platform == 'linux'", "platform.machine == 'x86_64'", "platform.version == '10.0.19045'",
    "platform.python_implementation == 'CPython'", "python_implementation == 'CPython'",
    "python_version >= '3.9' and", "python_version", "python_version >=", ">= '3.9'", "python_version >= 3.9", "python_version => '3.9'", "python_version >= '3.9", "(python_version >= '3.9'",
    "python_version >= '3.9')", "nonsense == 'x'", "'a' == 'a'", "not python_version == '3.9'", "python_version = '3.9'", "python_version in ['3.9']", "python_version not '3.9'", "and", "",
    "python_version >= '3.9' && os_name == 'nt'", "python_version >= '3.9' or or os_name == 'nt'", "sys_platform == 'li' 'nux'",
]


def markers():
    environments = [{name: values[at] for name, values in VALUES.items()} for at in range(5)]
    chosen = random.Random(508)
    single = []
    for name, operands in COMPARED.items():
        versions_too = name in ("python_version", "python_full_version", "implementation_version")
        for operator, operand in itertools.product(["==", "!=", *(["<", "<=", ">", ">="] if versions_too else [])], operands):
            if operator in "<=>=" and operator not in ("==",) and operand.endswith("*"):
                continue
            single.append("%s %s '%s'" % (name, operator, operand))
    mixed = []
    for _ in range(250):
        text = chosen.choice(single)
        for _ in range(chosen.choice([1, 2, 3])):
            joined = "%s %s %s" % (text, chosen.choice(["and", "or"]), chosen.choice(single))
            text = "(%s)" % joined if chosen.random() < 0.4 else joined
        mixed.append(text)
    lines = [json.dumps(environment) for environment in environments]
    for text in dict.fromkeys(single + WRITTEN_MARKERS + mixed):
        lines.append("%s\t%s" % (quoted(text), truth(text, environments)))
    return lines


def truth(text, environments):
    try:
        marker = Marker(text)
    except InvalidMarker:
        return "-"
    bits = 0
    for at, environment in enumerate(environments):
        try:
            bits |= marker.evaluate(environment) << at
        except (UndefinedComparison, UndefinedEnvironmentName):
            return "?"
    return "%x" % bits


# Requirements: text, then what it means as JSON, or "-".

WRITTEN_REQUIREMENTS = [
    "A", "A.B-C_D", "aa", "name", "name<=1", "name>=3", "name>=3,<2", "name>=3 , <2", "name@http://foo.com", "name [fred,bar] @ http://foo.com ; python_version=='2.7'",
    "name[quux, strange];python_version<'2.7' and platform_version=='2'", "name; os_name=='a' or os_name=='b'", "name; os_name=='a' and os_name=='b' or os_name=='c'",
    "name; os_name=='a' and (os_name=='b' or os_name=='c')", "name (>=3,<2)", "name(>=3)", "name ()", "name[]", "name [ ]", "name[a]", "name[A.b_C,a-B-c]", "name[a,a]",
    "name == 1.0.*", "name ~= 2.2", "name === 1.0.weird", "name!=1.1", "name>=1.0a1", "name==1!2.0+local.7", "name >= 1.0 ; python_version >= '3.8'", "name>=1.0;python_version>='3.8'",
    "name @ file:///opt/wheels/name-1.0-py3-none-any.whl", "name @ git+https://git.example/name.git@main#subdirectory=sub", "name@ https://e.example/a.zip#sha256=abc",
    "name @ https://user:password@e.example/a.whl", "name @ https://e.example/a.zip ; sys_platform == 'win32'", "name[x]@https://e.example/a.zip", "name @ https://e.example/a.zip;os_name=='nt'",
    "N", "n0", "a-b", "a.b", "a_b", "a--b", "a._-b", "Name", "0", "3to2", "name>=1.0,", "name,>=1",
    "  name  ", "name\t>=1", "name>=1 # comment", "name # comment", "-name", "name-", "_name", "name.", "na me", "name@", "name @", "name @ ", "name[", "name[a", "name]a[", "name[a,,b]", "name[,a]", "name[a,]",
    "name[a b]", "name[-a]", "name[a-]", "name>", "name>=", "name>=1>=2", "name >=1 <2", "name (>=1", "name >=1)", "name=1", "name==", "name=>1", "name ^1", "name ; ", "name;", "name; bad", "name >= 1; python_version", "", " ",
    ";python_version>='3'", "name==1.0;extra=='x'", "name; extra == 'A.b'", "name; 'x' == extra", "name; extra != 'x'", "name; extra in 'x y'", "name; python_version >= '3' and extra == 'x' or extra == 'y'", "https://e.example/a.whl", "./local", "name @ ./local", "name{1}", "näme", "name>=１",
    "name>=1.0.*", "name~=1", "name>1.0+abc", "name >=1.0, !=1.3.*,<2",
]


def requirements():
    chosen = random.Random(509)
    made = []
    for _ in range(150):
        text = chosen.choice(["requests", "zope.interface", "Typing_Extensions", "a", "x2-Y"])
        if chosen.random() < 0.4:
            extras = chosen.sample(["socks", "Security", "a.b", "c_d", "e-f"], chosen.choice([1, 1, 2, 3]))
            text += chosen.choice(["[%s]", " [%s]", "[ %s ]"]) % chosen.choice([",", ", ", " ,"]).join(extras)
        if chosen.random() < 0.7:
            pieces = chosen.sample([">=1.0", "<2", "!=1.5", "==1.*", "~=1.4.2", "<=3.0rc1", ">0.1.dev0", "== 1.0.post1"], chosen.choice([1, 1, 2, 3]))
            text += chosen.choice(["%s", " %s", " (%s)", "(%s)"]) % chosen.choice([",", ", ", " , "]).join(pieces)
        if chosen.random() < 0.4:
            text += chosen.choice([";", " ; ", "; "]) + chosen.choice(["python_version < '3.10'", "os_name == 'nt' and extra == 'x'", 'sys_platform=="linux"', "(os_name=='posix')"])
        made.append(text)
    lines = []
    for text in dict.fromkeys(WRITTEN_REQUIREMENTS + made):
        try:
            found = Requirement(text)
        except InvalidRequirement:
            lines.append("%s\t-" % quoted(text))
            continue
        meaning = {
            "name": canonicalize_name(found.name),
            "extras": sorted(set(canonicalize_name(extra) for extra in found.extras)),
            "specifier": ",".join(sorted(str(one) for one in found.specifier)),
            "url": found.url,
            "marker": found.marker is not None,
        }
        lines.append("%s\t%s" % (quoted(text), json.dumps(meaning, ensure_ascii=False)))
    return lines


def quoted(text):
    return json.dumps(text, ensure_ascii=False)


main()
