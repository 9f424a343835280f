# Use with `. activate` from sh, bash or zsh; it cannot be run.

# A second activation starts from what was there before the first.
if [ -n "${_PYBUN_ACTIVE-}" ]; then
    deactivate keep
fi

deactivate() {
    if [ -n "${_PYBUN_OLD_PATH+set}" ]; then
        PATH="$_PYBUN_OLD_PATH"
        export PATH
        unset _PYBUN_OLD_PATH
    fi
    if [ -n "${_PYBUN_OLD_PYTHONHOME+set}" ]; then
        PYTHONHOME="$_PYBUN_OLD_PYTHONHOME"
        export PYTHONHOME
        unset _PYBUN_OLD_PYTHONHOME
    fi
    if [ -n "${_PYBUN_OLD_PS1+set}" ]; then
        PS1="$_PYBUN_OLD_PS1"
        unset _PYBUN_OLD_PS1
    fi
    unset VIRTUAL_ENV VIRTUAL_ENV_PROMPT _PYBUN_ACTIVE
    # Shells remember where commands were.
    hash -r 2>/dev/null || true
    if [ "${1-}" != keep ]; then
        unset -f deactivate
    fi
}

VIRTUAL_ENV='{{root}}'
VIRTUAL_ENV_PROMPT='{{prompt}}'
export VIRTUAL_ENV VIRTUAL_ENV_PROMPT
_PYBUN_ACTIVE=1

_PYBUN_OLD_PATH="$PATH"
PATH="$VIRTUAL_ENV/"'{{scripts}}'":$PATH"
export PATH

if [ -n "${PYTHONHOME+set}" ]; then
    _PYBUN_OLD_PYTHONHOME="$PYTHONHOME"
    unset PYTHONHOME
fi

if [ -z "${VIRTUAL_ENV_DISABLE_PROMPT-}" ]; then
    _PYBUN_OLD_PS1="${PS1-}"
    PS1="($VIRTUAL_ENV_PROMPT) ${PS1-}"
fi

hash -r 2>/dev/null || true
