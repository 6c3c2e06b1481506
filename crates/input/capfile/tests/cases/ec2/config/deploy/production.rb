instances_with_role('web').each do |address|
  server address, roles: %w[web app]
end

role :db, instances_with_role('db'), no_release: true
ec2_role :worker, user: 'ubuntu'
autoscale 'permits-production', user: 'ubuntu', roles: [:web]
