# PowerShell: use with `. Activate.ps1`.

function global:deactivate([switch]$Keep) {
    if (Test-Path variable:global:_PYBUN_OLD_PATH) {
        $env:PATH = $global:_PYBUN_OLD_PATH
        Remove-Variable _PYBUN_OLD_PATH -Scope Global
    }
    if (Test-Path variable:global:_PYBUN_OLD_PYTHONHOME) {
        $env:PYTHONHOME = $global:_PYBUN_OLD_PYTHONHOME
        Remove-Variable _PYBUN_OLD_PYTHONHOME -Scope Global
    }
    if (Test-Path function:global:_pybun_old_prompt) {
        Copy-Item function:global:_pybun_old_prompt function:global:prompt
        Remove-Item function:global:_pybun_old_prompt
    }
    Remove-Item env:VIRTUAL_ENV, env:VIRTUAL_ENV_PROMPT -ErrorAction SilentlyContinue
    if (-not $Keep) {
        Remove-Item function:global:deactivate
    }
}

# A second activation starts from what was there before the first.
deactivate -Keep

$env:VIRTUAL_ENV = '{{root}}'
$env:VIRTUAL_ENV_PROMPT = '{{prompt}}'

$global:_PYBUN_OLD_PATH = $env:PATH
$env:PATH = (Join-Path $env:VIRTUAL_ENV '{{scripts}}') + [IO.Path]::PathSeparator + $env:PATH

if (Test-Path env:PYTHONHOME) {
    $global:_PYBUN_OLD_PYTHONHOME = $env:PYTHONHOME
    Remove-Item env:PYTHONHOME
}

if (-not $env:VIRTUAL_ENV_DISABLE_PROMPT) {
    Copy-Item function:global:prompt function:global:_pybun_old_prompt
    function global:prompt {
        "($env:VIRTUAL_ENV_PROMPT) " + (_pybun_old_prompt)
    }
}
