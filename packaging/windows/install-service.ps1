# UNVERIFIED: written with care, never run on a Windows machine. See docs/service.md.
# Installs `inspector station` as a Windows service through WinSW 2.x (github.com/winsw/winsw),
# which must lie beside this script as WinSW-x64.exe. Run as administrator.
param(
    [Parameter(Mandatory)] [string] $Station,                      # e.g. C:\inspector\line-3.toml
    [string] $Inspector = "C:\inspector\.venv\Scripts\inspector.exe",
    [string] $Name = "inspector",
    [string] $Folder = "C:\ProgramData\inspector"
)
$ErrorActionPreference = "Stop"

foreach ($needed in @($Station, $Inspector, "$PSScriptRoot\WinSW-x64.exe")) {
    if (-not (Test-Path -LiteralPath $needed -PathType Leaf)) { throw "$needed is not there" }
}
New-Item -ItemType Directory -Force -Path $Folder | Out-Null
Copy-Item -LiteralPath "$PSScriptRoot\WinSW-x64.exe" -Destination "$Folder\$Name.exe"

$escaped = @{}
foreach ($key in "Name", "Inspector", "Station", "Folder") {
    $escaped[$key] = [Security.SecurityElement]::Escape((Get-Variable $key -ValueOnly))
}
@"
<service>
  <id>$($escaped.Name)</id>
  <name>Inspector station</name>
  <description>Camera inspection: $($escaped.Station)</description>
  <executable>$($escaped.Inspector)</executable>
  <arguments>station "$($escaped.Station)"</arguments>
  <workingdirectory>$($escaped.Folder)</workingdirectory>
  <serviceaccount>
    <domain>NT AUTHORITY</domain>
    <user>LocalService</user>
  </serviceaccount>
  <startmode>Automatic</startmode>
  <delayedAutoStart>true</delayedAutoStart>
  <!-- Ctrl-C first: what was decided is recorded -->
  <stoptimeout>60 sec</stoptimeout>
  <onfailure action="restart" delay="2 sec"/>
  <onfailure action="restart" delay="10 sec"/>
  <onfailure action="restart" delay="60 sec"/>
  <resetfailure>10 min</resetfailure>
  <log mode="roll-by-size">
    <sizeThreshold>10240</sizeThreshold>
    <keepFiles>3</keepFiles>
  </log>
</service>
"@ | Set-Content -LiteralPath "$Folder\$Name.xml" -Encoding UTF8

icacls $Folder /grant "*S-1-5-19:(OI)(CI)M" | Out-Null   # LocalService may write its record
& "$Folder\$Name.exe" install
& "$Folder\$Name.exe" start
& "$Folder\$Name.exe" status
