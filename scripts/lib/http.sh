# shellcheck shell=bash
# Requests to the api, and members of its JSON, with curl and sed only. Sourced, never run.

http() { curl --silent --show-error --fail-with-body --max-time 10 --noproxy '*' --location "$@"; }

# send_json TOKEN METHOD URL BODY [CURL OPTION...]
send_json() {
    http "$3" --request "$2" --header "Authorization: Bearer $1" --header 'Content-Type: application/json' \
        --data "$4" "${@:5}"
}

# json_member NAME: the last text member of that name.
json_member() { sed --quiet "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }
# first_member NAME: the first one. The members of an object come before those of its parts.
first_member() { grep --only-matching "\"$1\":\"[^\"]*\"" | sed --quiet '1s/.*:"\(.*\)"/\1/p'; }
