set :application, 'site'
set :repo_url, 'https://robot:s3cret-word@git.example.com/acme/site.git'
set :deploy_to, -> { "/var/www/#{fetch(:application)}" }
set :linked_dirs, fetch(:linked_dirs, []).push('web/files', 'web/files/private')
set :log_level, :info
set :pty, true
set :theme_path, fetch(:release_path).to_s + '/web/themes'

theme = 'acme'
%w[cache css].each do |folder|
  append :linked_files, "web/#{folder}/#{theme}.json"
end

if ENV['SKIP_BUILD']
  set :skip_build, true
end

set :ssh_options, {
  proxy: Net::SSH::Proxy::Command.new('ssh jump.example.com -W %h:%p'),
  auth_methods: %w(publickey),
  password: 'hunter2',
}

def current_revision
  `git log -1`
end

task :build do
  on release_roles(:all) do
    within "#{release_path}/web/themes/#{theme}" do
      execute :npm, :ci
      execute :npm, :run, 'build -- --production'
    end
    execute "sudo systemctl reload php-fpm"
  end
end
before 'deploy:publishing', :build
after 'deploy:finishing', 'deploy:cleanup'
