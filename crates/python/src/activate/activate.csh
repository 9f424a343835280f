# csh and tcsh: use with `source activate.csh`.

# A second activation starts from what was there before the first.
if ($?_PYBUN_OLD_PATH) then
    setenv PATH "$_PYBUN_OLD_PATH"
    if ($?_PYBUN_OLD_PROMPT) set prompt = "$_PYBUN_OLD_PROMPT"
endif

alias deactivate 'if ($?_PYBUN_OLD_PATH) setenv PATH "$_PYBUN_OLD_PATH"; unset _PYBUN_OLD_PATH; if ($?_PYBUN_OLD_PROMPT) set prompt = "$_PYBUN_OLD_PROMPT"; unset _PYBUN_OLD_PROMPT; unsetenv VIRTUAL_ENV; unsetenv VIRTUAL_ENV_PROMPT; unalias deactivate; rehash'

setenv VIRTUAL_ENV '{{root}}'
setenv VIRTUAL_ENV_PROMPT '{{prompt}}'

set _PYBUN_OLD_PATH = "$PATH"
setenv PATH "$VIRTUAL_ENV/"'{{scripts}}'":$PATH"

if ($?prompt && ! $?VIRTUAL_ENV_DISABLE_PROMPT) then
    set _PYBUN_OLD_PROMPT = "$prompt"
    set prompt = "($VIRTUAL_ENV_PROMPT) $prompt"
endif

rehash
