@echo off
rem Runs the pinned Maven with the JDK of JAVA_HOME (21 or later). The distribution comes from the Apache archive
rem and is checked against its SHA-512.
setlocal
set "VERSION=3.9.16"
set "SHA512=ed41650d42485cfc243fad22158caf9cbb5dc408ce7a09ddb94dd42a019de929ca43065bfa450612cf12bf78b5cafa3884b96c090de326ff590448c933454af3"
if "%JAVA_HOME%"=="" (
  echo mvnw: needs a JDK 21 or later: set JAVA_HOME 1>&2
  exit /b 1
)
if "%MAVEN_USER_HOME%"=="" set "MAVEN_USER_HOME=%USERPROFILE%\.m2"
set "DIST=%MAVEN_USER_HOME%\wrapper\dists"
set "HOME_DIR=%DIST%\apache-maven-%VERSION%"
if exist "%HOME_DIR%\bin\mvn.cmd" goto run
powershell -NoProfile -ExecutionPolicy Bypass -Command ^
  "$ErrorActionPreference = 'Stop';" ^
  "$tmp = New-Item -ItemType Directory -Path (Join-Path $env:TEMP ([guid]::NewGuid()));" ^
  "try {" ^
  "  $zip = Join-Path $tmp 'maven.zip';" ^
  "  [Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]::Tls12;" ^
  "  (New-Object Net.WebClient).DownloadFile('https://archive.apache.org/dist/maven/maven-3/%VERSION%/binaries/apache-maven-%VERSION%-bin.zip', $zip);" ^
  "  if ((Get-FileHash $zip -Algorithm SHA512).Hash -ne '%SHA512%') { throw 'checksum mismatch' };" ^
  "  Expand-Archive $zip -DestinationPath $tmp;" ^
  "  New-Item -ItemType Directory -Force -Path '%DIST%' | Out-Null;" ^
  "  Move-Item (Join-Path $tmp 'apache-maven-%VERSION%') '%HOME_DIR%'" ^
  "} finally { Remove-Item -Recurse -Force $tmp }"
if errorlevel 1 (
  echo mvnw: cannot install Maven %VERSION% 1>&2
  exit /b 1
)
:run
set "MAVEN_BASEDIR=%~dp0"
"%HOME_DIR%\bin\mvn.cmd" %*
