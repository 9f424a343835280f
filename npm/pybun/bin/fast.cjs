#!/bin/sh
':' //; # sh runs these lines and never reads past exec; to JavaScript they are strings and comments.
':' //; # w NAME: x is the program, from absolute directories of PATH alone. Others lead into the project one stands in.
':' //; w() { x= o=$IFS; set -f; IFS=:; for d in ${PATH-/usr/bin:/bin}; do case $d in /*) [ -f "$d/$1" ] && [ -x "$d/$1" ] && { x=$d/$1; break; } ;; esac; done; IFS=$o; set +f; [ -n "$x" ]; }
':' //; # First the package directory m: found beside the link in the usual layouts, else by following the links.
':' //; s=$0; case $s in */*) ;; *) s=./$s ;; esac; b=${s%/*}; m=
':' //; if [ -L "$s" ]; then for d in "$b/../pybun" "$b/../lib/node_modules/pybun" "$b/../install/global/node_modules/pybun"; do [ "$s" -ef "$d/bin/fast.cjs" ] && m=$d && break; done; fi
':' //; if [ -z "$m" ]; then while [ -L "$s" ]; do w readlink && l=$("$x" "$s") || break; case $l in /*) s=$l ;; *) s=${s%/*}/$l ;; esac; done; m=${s%/*}/..; fi
':' //; # Then the launcher p. Only a tree with packages for several machines makes it ask which machine this is.
':' //; p= n=; for t in linux-x64-gnu linux-arm64-gnu darwin-arm64 darwin-x64 linux-x64-musl linux-arm64-musl; do for d in "$m/node_modules" "$m/.."; do [ -x "$d/@pybun/$t/pybun" ] && { [ -n "$p" ] && n=1; p=$d/@pybun/$t/pybun; break; }; done; done
':' //; if [ -n "$n" ]; then w uname; case $("$x" -sm) in "Linux x86_64") u=linux-x64 ;; "Linux aarch64") u=linux-arm64 ;; "Darwin arm64") u=darwin-arm64 ;; "Darwin x86_64") u=darwin-x64 ;; *) u=none ;; esac; p=; for t in "$u-gnu" "$u-musl" "$u"; do for d in "$m/node_modules" "$m/.."; do [ -z "$p" ] && [ -x "$d/@pybun/$t/pybun" ] && p=$d/@pybun/$t/pybun; done; done; fi
':' //; [ -n "$p" ] && exec "$p" "$@"
':' //; w node && exec "$x" "$m/cli.js" "$@"
':' //; echo 'error: Node.js was not found on PATH, and this command needs it [launcher/no-node]' >&2; exit 1
require('../cli.js') // reached when Node is given this file: a race with the re-pointing, `yarn pybun`, `node fast.cjs`
