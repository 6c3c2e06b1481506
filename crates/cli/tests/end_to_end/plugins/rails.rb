# Stands in for the plugin of this name: the commands it is known for, and no more than the tests need.
require "capistrano/bundler"

namespace :rails do
  task :settle do
    set :rails_env, fetch(:rails_env, fetch(:stage))
    append :linked_dirs, "public/assets"
  end
end

namespace :deploy do
  task :compile_assets do
    on release_roles(:web) do
      within release_path do
        with rails_env: fetch(:rails_env), rails_groups: "" do
          execute :rake, "assets:precompile"
        end
        kept = release_path.join("assets_manifest_backup")
        execute :mkdir, "-p", kept
        execute :cp, release_path.join("public/assets/.sprockets-manifest*"), kept
      end
    end
  end

  task :migrate do
    on primary(:db) do
      within release_path do
        with rails_env: fetch(:rails_env) do
          execute :rake, "db:migrate"
        end
      end
    end
  end
end

after "deploy:updated", "deploy:compile_assets"
after "deploy:updated", "deploy:migrate"
Capistrano::DSL.stages.each { |name| after name, "rails:settle" }
