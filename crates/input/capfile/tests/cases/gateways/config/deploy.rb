set :application, 'intranet'
set :repo_url, 'git@git.internal.example.com:acme/intranet.git'
set :branch, 'main'
set :deploy_to, '/srv/intranet'

set :bastion_host, 'bastion.example.com'
set :bastion_user, ENV['BASTION_USER'] || 'ops'

namespace :deploy do
  after :published, :reload do
    on roles(:web) do
      as :root do
        execute :systemctl, :reload, 'nginx'
      end
    end
  end
end
