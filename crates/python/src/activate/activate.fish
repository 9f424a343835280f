# fish: use with `source activate.fish`.

function deactivate -d 'Leave the virtual environment'
    if set -q _PYBUN_OLD_PATH
        set -gx PATH $_PYBUN_OLD_PATH
        set -e _PYBUN_OLD_PATH
    end
    if set -q _PYBUN_OLD_PYTHONHOME
        set -gx PYTHONHOME $_PYBUN_OLD_PYTHONHOME
        set -e _PYBUN_OLD_PYTHONHOME
    end
    if functions -q _pybun_old_fish_prompt
        functions -e fish_prompt
        functions -c _pybun_old_fish_prompt fish_prompt
        functions -e _pybun_old_fish_prompt
    end
    set -e VIRTUAL_ENV
    set -e VIRTUAL_ENV_PROMPT
    if test "$argv[1]" != keep
        functions -e deactivate
    end
end

# A second activation starts from what was there before the first.
deactivate keep

set -gx VIRTUAL_ENV '{{root}}'
set -gx VIRTUAL_ENV_PROMPT '{{prompt}}'

set -g _PYBUN_OLD_PATH $PATH
set -gx PATH "$VIRTUAL_ENV/"'{{scripts}}' $PATH

if set -q PYTHONHOME
    set -g _PYBUN_OLD_PYTHONHOME $PYTHONHOME
    set -e PYTHONHOME
end

if test -z "$VIRTUAL_ENV_DISABLE_PROMPT"; and functions -q fish_prompt
    functions -c fish_prompt _pybun_old_fish_prompt
    function fish_prompt
        # First, because it may show the status of the last command.
        set -l prompt (_pybun_old_fish_prompt | string collect)
        printf '(%s) %s' $VIRTUAL_ENV_PROMPT "$prompt"
    end
end
