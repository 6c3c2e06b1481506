require 'json'
hosts = JSON.parse(`aws ec2 describe-instances --filters Name=tag:Stage,Values=staging`)
hosts['Reservations'].each do |reservation|
  server reservation['Instances'][0]['PublicDnsName'], roles: %w[web app db]
end
