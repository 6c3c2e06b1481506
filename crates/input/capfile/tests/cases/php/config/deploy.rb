set :application, 'magazine'
set :repo_url, 'https://git.example.com/acme/magazine.git'
set :branch, ENV['BRANCH'] || 'main'

set :linked_files, fetch(:linked_files, []).push('.env', 'web/.htaccess')
set :linked_dirs, fetch(:linked_dirs, []).push('var/log', 'var/sessions', 'web/uploads')

set :composer_install_flags, '--no-dev --prefer-dist --no-interaction --optimize-autoloader'
set :composer_roles, :app
set :npm_flags, '--silent --no-progress'
set :npm_roles, :web

set :file_permissions_paths, ["var/cache"]
set :php_fpm_service, 'php8.2-fpm'
set :tmp_dir, "/home/#{fetch(:user, 'www')}/tmp"

SSHKit.config.command_map[:composer] = "php #{shared_path.join('composer.phar')}"
SSHKit.config.command_map[:php] = "/usr/bin/php8.2"

namespace :symfony do
  def console(*args)
    execute :php, 'bin/console', *args, "--env=prod"
  end

  desc 'Warm the cache'
  task :cache do
    on roles(:app) do
      within release_path do
        execute :php, 'bin/console', 'cache:clear', '--env=prod', '--no-warmup'
        execute :php, 'bin/console', 'cache:warmup', '--env=prod'
      end
    end
  end

  desc 'Migrate the database'
  task :migrate do
    on primary(:db) do
      within release_path do
        execute :php, "bin/console", "doctrine:migrations:migrate", "--no-interaction", "--allow-no-migration"
      end
    end
  end

  task :permissions do
    on roles(:app) do
      fetch(:file_permissions_paths).each do |path|
        execute :chmod, '-R', 'g+w', "#{release_path}/#{path}"
      end
    end
  end
end

namespace :php do
  desc 'Reload PHP, so that its opcode cache forgets the old release'
  task :reload do
    on roles(:app) do
      execute :sudo, :systemctl, :reload, fetch(:php_fpm_service)
    end
  end
end

after 'deploy:updated', 'symfony:cache'
after 'symfony:cache', 'symfony:migrate'
before 'deploy:publishing', 'symfony:permissions'
after 'deploy:published', 'php:reload'
after 'deploy:finishing_rollback', 'php:reload'
