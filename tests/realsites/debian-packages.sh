#!/bin/sh
# Installs kiwix-serve and MediaWiki where they are not there. Without the recommended packages, and with a CGI binary of
# PHP and a server that inetd would start, so that no web server comes to run.
set -e
packages="kiwix-tools zim-tools mediawiki php-cli php-cgi php-sqlite3 micro-httpd"
if command -v kiwix-serve >/dev/null && command -v zimwriterfs >/dev/null && command -v php >/dev/null &&
  php -m | grep -q pdo_sqlite && [ -d /usr/share/mediawiki ]; then
  exit 0
fi
if [ "$(id -u)" != 0 ]; then
  echo "expected kiwix-serve, zimwriterfs, MediaWiki and PHP with SQLite on this machine; install them first:" >&2
  echo "  sudo apt-get install --no-install-recommends $packages" >&2
  exit 2
fi
DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends $packages
