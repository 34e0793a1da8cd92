# For scripts that build pages: build_pages PACKAGE FOLDER builds clients/PACKAGE into its dist/site, or into FOLDER.
. "$(dirname "$0")/lib/enter.sh"
build_pages() {
  folder=${2:-$PWD/clients/$1/dist/site}
  case $folder in /*) ;; *) folder=$CALLED_FROM/$folder ;; esac
  cd "clients/$1" && exec node ../../node_modules/vite/bin/vite.js build --emptyOutDir --logLevel warn --outDir "$folder"
}
