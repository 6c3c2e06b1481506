set :application, "sensors"
set :repo_url, "git@git.example.com:lab/sensors.git"
set :branch, "main"
set :python, "/usr/bin/python3"
set :service, -> { "#{fetch(:application)}-#{fetch(:stage)}" }
set :health_url, "http://localhost:8080/health"

append :linked_dirs, "data", "log"
append :linked_files, "settings.ini"
