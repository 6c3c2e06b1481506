# Stands in for the plugin of this name: the commands it is known for, and no more than the tests need.
namespace :load do
  task :defaults do
    set :bundle_path, -> { shared_path.join("bundle") }
    set :bundle_flags, "--quiet"
    set :bundle_without, %w[development test]
  end
end

namespace :bundler do
  task :map_bins do
    %w[rake rails].each { |name| SSHKit.config.command_map[name.to_sym] = "/usr/bin/env bundle exec #{name}" }
  end

  task :install do
    on release_roles(:all) do
      within release_path do
        settings = { "without" => fetch(:bundle_without).join(":") }
        if fetch(:bundle_path)
          settings.update("deployment" => "true", "path" => fetch(:bundle_path))
        else
          settings.update("frozen" => "true", "path.system" => "true")
        end
        settings.each { |key, value| execute :bundle, "config", "set", "--local", key, value }
        execute :bundle, "install", fetch(:bundle_flags) unless test :bundle, "check"
      end
    end
  end
end

before "deploy:updated", "bundler:install"
before "deploy:reverted", "bundler:install"
Capistrano::DSL.stages.each { |name| after name, "bundler:map_bins" }
