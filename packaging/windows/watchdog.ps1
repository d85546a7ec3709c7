# UNVERIFIED: written with care, never run on a Windows machine. See docs/service.md.
# Restarts the service when its log has said nothing for three minutes.
param(
    [string] $Log = "C:\ProgramData\inspector\inspector.log",
    [string] $Name = "inspector",
    [int] $Minutes = 3
)
$service = Get-Service -Name $Name -ErrorAction Stop
if ($service.Status -ne "Running" -or -not (Test-Path -LiteralPath $Log)) { exit 0 }
$age = (Get-Date).ToUniversalTime() - (Get-Item -LiteralPath $Log).LastWriteTimeUtc
# a service that has just been started writes its first line within seconds
if ($age.TotalMinutes -gt $Minutes) { Restart-Service -Name $Name -Force }
