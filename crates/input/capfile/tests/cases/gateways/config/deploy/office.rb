server 'intranet.office.example.com',
  user: 'deploy',
  roles: %w[web app db],
  ssh_options: {
    proxy: Net::SSH::Proxy::Jump.new('ops@jump1.example.com:2222,jump2.example.com'),
    keys: [File.join(ENV['HOME'], '.ssh', 'office')],
    port: 2022
  }
