set :application, 'permits'
set :repo_url, 'git@git.example.com:city/permits.git'
set :branch, 'main'
set :deploy_to, '/srv/permits'
set :aws_region, 'eu-central-1'
set :aws_ec2_regions, %w[eu-central-1]
set :ec2_project_tag, 'Project'

set :ssh_options, { user: 'ubuntu', keys: ['~/.ssh/permits.pem'], forward_agent: true }

def instances_with_role(role)
  ec2 = Aws::EC2::Resource.new(region: fetch(:aws_region))
  filters = [{ name: 'tag:Role', values: [role] }, { name: 'instance-state-name', values: ['running'] }]
  ec2.instances(filters: filters).map(&:private_ip_address)
end
