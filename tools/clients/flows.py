"""What is done with each client: create, list, show, update and delete, in the order of each flow.

A step is (command, arguments, {what must come of it}):
  save   variable and field: remembers a field of what was printed, of a list's last row
  has    the list printed must hold that value
  is     field and value: what was printed must say so
  until  field and value: the command is repeated until what it prints says so
  json   false where the command prints no JSON
A step whose command begins with `!` must fail: what was deleted is gone, at once or, with `soon`, within a while.
`{NAME}` stands for a variable; `{u}` is a name that nobody else has, and `{guest}`, `{data}`, `{other}`, `{image}`,
`{flavor}`, `{larger}`, `{outside}`, `{granted}`, `{project}` and `{region}` are there before, as is what try.py's `lay` lays. What a flow saved as `{tenant}` and `{workspace}` is removed after it: no command can.
"""

QUIET = {"json": False}


def ecl_network(kind, make, change, before=(), after=()):
    """Create, list, show, update, show, delete of one resource of ECL's network."""
    noun = f"network {kind}"
    return [*before, (f"{noun} create", make, {"save": ("id", "id")}), (f"{noun} list", "", {"has": "{id}"}),
            (f"{noun} show", "{id}", {"is": ("id", "{id}")}), (f"{noun} update", "{id} " + change, {}),
            (f"{noun} show", "{id}", {"is": ("name", "{u}-2")}), (f"{noun} delete", "{id}", QUIET),
            (f"!{noun} show", "{id}", {}), *after]


def listed(noun, id):
    """What a tenant can only look at."""
    return [(f"network {noun} list", "", {"has": id}), (f"network {noun} show", id, {"is": ("id", id)})]


def changed(noun, id, change="--name {u}-2", field="name", value="{u}-2"):
    """List, show, update and show again of something that is there; a later step deletes it."""
    return [*listed(noun, id), (f"network {noun} update", f"{id} {change}", {}),
            (f"network {noun} show", id, {"is": (field, value)})]


def gone(noun, id):
    return [(f"network {noun} delete", id, QUIET), (f"!network {noun} show", id, {"soon": True})]


NETWORK = ("network logical-network create", "--name {u} --plane data", {"save": ("net", "id")})
SUBNET = ("network subnet create", "{net} 10.91.0.0/24 --name {u}", {"save": ("subnet", "id")})
NETWORK_GOES = ("network logical-network delete", "{net}", QUIET)
SUBNET_GOES = ("network subnet delete", "{subnet}", QUIET)

ECL = {
    "logical network": ecl_network("logical-network", "--name {u} --description d --plane data", "--name {u}-2"),
    "subnet": ecl_network("subnet", "{net} 10.92.0.0/24 --name {u}", "--name {u}-2", [NETWORK], [NETWORK_GOES]),
    "port": ecl_network("port", "{net} --name {u}", "--name {u}-2", [NETWORK, SUBNET], [SUBNET_GOES, NETWORK_GOES]),
    "virtual storage": [
        NETWORK, SUBNET, ("storage volume-type list", "", {"save": ("type", "id")}),
        ("storage volume-type show", "{type}", {"is": ("id", "{type}")}), ("storage availability-zone list", "", {}),
        ("storage create", "--name {u} --volume_type_id {type} --network_id {net} --subnet_id {subnet}"
         " --ip_addr_pool 10.91.0.100,10.91.0.110", {"save": ("storage", "id")}),
        ("storage list", "", {"has": "{storage}"}), ("storage show", "{storage}", {"until": ("status", "available")}),
        ("storage update", "{storage} --name {u}-2", {}), ("storage show", "{storage}", {"is": ("name", "{u}-2")}),
        ("storage volume create", "--name {u} --size 100 --virtual_storage_id {storage} --iops_per_gb 2",
         {"save": ("volume", "id")}),
        ("storage volume list", "", {"has": "{volume}"}),
        ("storage volume show", "{volume}", {"until": ("status", "available")}),
        ("storage volume update", "{volume} --name {u}-2 --initiator_iqns iqn.2026-11.example:a", {}),
        ("storage volume show", "{volume}", {"until": ("status", "available")}),
        ("storage snapshot create", "{volume} {u}", {"save": ("snapshot", "id")}),
        ("storage snapshot list", "", {"has": "{snapshot}"}),
        ("storage snapshot show", "{snapshot}", {"until": ("Status", "available")}),
        ("storage snapshot update", "{snapshot} --name {u}-2", {}),
        ("storage snapshot restore", "{snapshot}", QUIET),
        ("storage snapshot show", "{snapshot}", {"until": ("Status", "available")}),
        ("storage snapshot delete", "{snapshot}", QUIET), ("!storage snapshot show", "{snapshot}", {"soon": True}),
        ("storage volume show", "{volume}", {"until": ("status", "available")}),
        ("storage volume delete", "{volume}", {}), ("storage volume show", "{volume}", {"until": ("code", 404)}),
        ("storage delete", "{storage}", {}), ("storage show", "{storage}", {"until": ("code", 404)}),
        SUBNET_GOES, NETWORK_GOES],
    "volume": [
        ("compute volume-type list", "", {"has": "standard"}),
        ("compute volume create", "--size 1 {u}", {"save": ("volume", "id")}),
        ("compute volume list", "", {"has": "{volume}"}),
        ("compute volume show", "{volume}", {"until": ("status", "available")}),
        ("compute volume update", "--name {u}-2 {volume}", QUIET),
        ("compute volume show", "{volume}", {"is": ("name", "{u}-2")}),
        ("compute volume delete", "{volume}", QUIET), ("!compute volume show", "{volume}", {"soon": True})],
    "port in a VLAN": [
        NETWORK, SUBNET,
        ("network port create", "{net} --segmentation_type vlan --segmentation_id 7"
         " --allowed_address_pairs 10.91.0.99", {"save": ("id", "id")}),
        ("network port show", "{id}", {"is": ("segmentation_id", "7")}),
        ("network port update", "{id} --segmentation_type flat", {}),
        ("network port show", "{id}", {"is": ("segmentation_type", "flat")}),
        ("!network port update", "{id} --segmentation_type vlan --segmentation_id 7 --device_id none", {}),
        ("network port delete", "{id}", QUIET), SUBNET_GOES, NETWORK_GOES],
    "internet": [
        NETWORK, SUBNET, *listed("inet-service", "{service}"), *listed("qos", "{plan}"),
        ("network inet-gw create", "--name {u} --qos_option_id {plan} {service}", {"save": ("gw", "id")}),
        *changed("inet-gw", "{gw}"),
        ("network gw-interface create",
         "--name {u} --service_type internet --internet_gw_id {gw} --network_id {net} --netmask 24 --vrid 9"
         " --primary_ipv4 10.91.0.252 --secondary_ipv4 10.91.0.253 --gw_vipv4 10.91.0.1", {"save": ("leg", "id")}),
        *changed("gw-interface", "{leg}"),
        ("network public-ip create", "--name {u} --internet_gw_id {gw} --submask_length 32", {"save": ("ip", "id")}),
        *changed("public-ip", "{ip}", "--description other", "description", "other"),
        ("network public-ip show", "{ip}", {"save": ("block", "cidr")}),
        ("network static-route create", "--name {u} --service_type internet --internet_gw_id {gw}"
         " --destination {block}/32 --nexthop 10.91.0.9", {"save": ("way", "id")}),
        *changed("static-route", "{way}"), *gone("static-route", "{way}"), *gone("public-ip", "{ip}"),
        *gone("gw-interface", "{leg}"), *gone("inet-gw", "{gw}"), SUBNET_GOES, NETWORK_GOES],
    "between sites": [
        *listed("interdc-service", "{interdc_service}"), *listed("interdc-gw", "{interdc}"),
        ("network interdc-interface create", "--name {u} --interdc_gw_id {interdc} --netmask 29 --vrid 3"
         " --primary_ipv4 10.255.0.2 --secondary_ipv4 10.255.0.3 --gw_vipv4 10.255.0.1", {"save": ("leg", "id")}),
        *changed("interdc-interface", "{leg}"), *gone("interdc-interface", "{leg}"),
        *listed("fic-service", "{fic_service}"), *listed("fic-gw", "{fic}"), *listed("fic-interface", "{fic_leg}")],
    "colocation": [
        NETWORK, *listed("colocation-space", "{space}"), *listed("colocation-physical-link", "{cables}"),
        ("network colocation-logical-link create", "--name {u} --colocation_physical_link_id {cables}"
         " --network_id {net} --vlan_id 77", {"save": ("link", "id")}),
        *changed("colocation-logical-link", "{link}"), *gone("colocation-logical-link", "{link}"), NETWORK_GOES],
    "common functions": [
        *listed("common-function-pool", "{pool}"), *listed("common-function", "{function}"),
        ("network common-function-gw create", "--name {u} {pool}", {"save": ("gw", "id")}),
        *changed("common-function-gw", "{gw}"), *gone("common-function-gw", "{gw}")],
    "what the operator has": [*listed("physical-port", "{leaf}"), *listed("reserved-address", "{reserved}")],
    "image": [
        ("image create", "--file {data} --disk-format raw --container-format bare {u}", {"save": ("id", "id")}),
        ("image list", "", {"has": "{id}"}), ("image show", "{id}", {"is": ("name", "{u}")}),
        ("image update", "--name {u}-2 {id}", QUIET), ("image show", "{id}", {"is": ("name", "{u}-2")}),
        ("image download", "--file {data}.back {id}", QUIET),
        ("image add-member", "{id} {other}", {}), ("image update-member", "{id} {other} accepted", QUIET),
        ("image remove-member", "{id} {other}", QUIET),
        ("image delete", "{id}", QUIET), ("!image show", "{id}", {})],
    "keypair": [
        ("compute keypair create", "{u}", QUIET), ("compute keypair list", "", {"has": "{u}"}),
        ("compute keypair show", "{u}", {"is": ("name", "{u}")}), ("compute keypair delete", "{u}", QUIET),
        ("!compute keypair show", "{u}", {})],
    "sss user": [
        ("sss user create", "{u} {u}@example.org false", {"save": ("id", "user_id")}), ("sss user list", "", {"has": "{id}"}),
        ("sss user show", "{id}", {"is": ("login_id", "{u}")}), ("sss user delete", "{id}", QUIET),
        ("!sss user show", "{id}", {})],
    "sss workspace": [
        ("sss workspace create", "--description d {u}", {"save": ("id", "workspace_id")}),
        ("sss workspace list", "", {"has": "{id}"}), ("sss workspace show", "{id}", {"is": ("workspace_name", "{u}")}),
        ("sss workspace update", "{id} changed", {"is": ("description", "changed")}),
        ("sss workspace delete", "{id}", QUIET), ("!sss workspace show", "{id}", {})],
    "sss tenant": [
        ("sss workspace create", "{u}", {"save": ("workspace", "workspace_id")}),
        ("sss tenant create", "{workspace} {region}", {"save": ("tenant", "project_id")}),
        ("sss tenant list", "", {"has": "{tenant}"}), ("sss tenant show", "{tenant}", {"is": ("tenant_name", "{u}")}),
        ("sss user create", "--password Long-{u} {u} {u}@example.org false", {"save": ("user", "user_id")}),
        ("sss workspace-role-assignment add", "{workspace} {user}", {"is": ("workspace_name", "{u}")}),
        ("sss workspace-role-assignment delete", "{workspace} {user}", QUIET),
        ("!sss workspace-role-assignment delete", "{workspace} {user}", {}), ("sss user delete", "{user}", QUIET)],
    "quota": [("network quota show", "", {"is": ("network", "100")})],
    "flavor": [("compute flavor list", "", {"has": "{flavor}"}), ("compute flavor show", "{flavor}", {"is": ("id", "{flavor}")})],
    "compute at large": [("compute availability-zone list", "--compute", {}), ("compute limits show", "--absolute", {}),
                         ("command list", "", {}), ("module list", "", {})],
    "server": [
        NETWORK, SUBNET,
        ("compute server create", "--image {image} --flavor {flavor} --nic net-id={net} --wait {u}", {"save": ("id", "id")}),
        ("compute server list", "", {"has": "{id}"}), ("compute server show", "{id}", {"is": ("status", "ACTIVE")}),
        ("compute server update", "--name {u}-2 --property a=b {id}", QUIET),
        ("compute server show", "{id}", {"is": ("name", "{u}-2")}),
        ("compute server unset", "--property a {id}", QUIET), ("compute server port list", "{id}", {}),
        ("network port create", "{net} --name {u}-p", {"save": ("port", "id")}),
        ("compute server port add", "{id} {port}", QUIET), ("compute server port remove", "{id} {port}", QUIET),
        ("compute server fixed-ip add", "{id} {net} --fixed-ip-address 10.91.0.77", QUIET),
        ("compute server fixed-ip remove", "{id} 10.91.0.77", QUIET),
        ("compute console-url show", "--novnc {id}", {}), ("compute server stop", "{id}", QUIET),
        ("compute server start", "{id}", QUIET),
        ("compute server-image create", "--name {u}-i --wait {id}", QUIET),
        ("image delete", "{u}-i", QUIET),
        ("compute server resize", "--flavor {larger} --wait {id}", QUIET),
        ("compute server resize", "--confirm {id}", QUIET),
        ("compute server delete", "--wait {id}", QUIET), ("!compute server show", "{id}", {}),
        ("network port delete", "{port}", QUIET), SUBNET_GOES, NETWORK_GOES],
    "tenant connection request": [
        NETWORK, SUBNET,
        ("icc tenant-connection-request create", "--network-id {net} --tenant-id-other {other} --name {u} --tags a=b",
         {"save": ("id", "id")}),
        ("icc tenant-connection-request list", "", {"has": "{id}"}),
        ("icc tenant-connection-request update", "{id} --name {u}-2", {}),
        ("icc tenant-connection-request show", "{id}", {"is": ("name", "{u}-2")}),
        ("icc network show", "{id}", {"is": ("id", "{net}")}), ("icc subnet list", "{id}", {"has": "{subnet}"}),
        ("icc subnet show", "{id} {subnet}", {"is": ("cidr", "10.91.0.0/24")}),
        ("icc operation list", "--resource_id {id}", {"save": ("operation", "id")}),
        ("icc operation show", "{operation}", {"is": ("resource id", "{id}")}),
        ("icc tenant-connection-request delete", "{id}", QUIET), ("!icc tenant-connection-request show", "{id}", {}),
        SUBNET_GOES, NETWORK_GOES],
    "tenant connection": [
        NETWORK, SUBNET,
        ("compute server create", "--image {image} --flavor {flavor} --nic net-id={net} --wait {u}",
         {"save": ("server", "id")}),
        ("icc tenant-connection create", "--tenant-connection-request-id {granted} --name {u}"
         " --device-type ECL::Compute::Server --device-id {server} --fixed-ip 10.90.0.7", {"save": ("id", "id")}),
        ("icc tenant-connection list", "", {"has": "{id}"}),
        ("icc tenant-connection show", "{id}", {"until": ("status", "active")}),
        ("icc address-assignment list", "{granted}", {"has": "{id}"}),
        ("icc tenant-connection update", "{id} --name {u}-2", {}),
        ("icc tenant-connection show", "{id}", {"is": ("name", "{u}-2")}),
        ("icc tenant-connection delete", "{id}", QUIET), ("!icc tenant-connection show", "{id}", {"soon": True}),
        ("compute server delete", "--wait {server}", QUIET), SUBNET_GOES, NETWORK_GOES],
}


def openstack(noun, make, change, check=("name", "{u}-2"), key="id"):
    """Create, list, show, set, show, delete of one resource by OpenStack's command."""
    return [(f"{noun} create", make, {"save": ("id", key)}), (f"{noun} list", "", {"has": "{id}"}),
            (f"{noun} show", "{id}", {"is": (key, "{id}")}), (f"{noun} set", change + " {id}", QUIET),
            (f"{noun} show", "{id}", {"is": check}), (f"{noun} delete", "{id}", QUIET), (f"!{noun} show", "{id}", {})]


OPENSTACK = {
    "token and catalogue": [("token issue", "", {"save": ("id", "id")}), ("catalog list", "", {}),
                            ("catalog show", "compute", {"is": ("type", "compute")}), ("token revoke", "{id}", QUIET),
                            ("extension list", "--network", {}), ("versions show", "", {})],
    "project": openstack("project", "{u}", "--name {u}-2"),
    "what else is said": [
        ("project create", "--property floor=3 {u}-p", {"save": ("mine", "id")}),
        ("project show", "{mine}", {"is": ("floor", "3")}), ("project set", "--property floor=4 {mine}", QUIET),
        ("project show", "{mine}", {"is": ("floor", "4")}),
        ("user create", "--project {mine} --password Long-{u} {u}", {"save": ("id", "id")}),
        ("user show", "{id}", {"is": ("default_project_id", "{mine}")}), ("user delete", "{id}", QUIET),
        ("project delete", "{mine}", QUIET)],
    "user": openstack("user", "--password Long-{u} {u}", "--email a@example.org", ("email", "a@example.org")),
    "role": openstack("role", "{u}", "--name {u}-2"),
    "domain": [
        *openstack("domain", "{u}", "--name {u}-2 --disable")[:5], ("domain delete", "{id}", QUIET),
        ("!domain show", "{id}", {})],
    "group": [
        ("user create", "--password Long-{u} {u}-u", {"save": ("user", "id")}),
        ("group create", "{u}-g", {"save": ("group", "id")}), ("group add user", "{group} {user}", QUIET),
        ("group contains user", "{group} {user}", QUIET), ("role add", "--group {group} --project {project} reader", QUIET),
        ("role assignment list", "--group {group}", {"has": "{group}"}),
        ("role remove", "--group {group} --project {project} reader", QUIET),
        ("group remove user", "{group} {user}", QUIET), ("group delete", "{group}", QUIET),
        *openstack("group", "{u}", "--name {u}-2"), ("user delete", "{user}", QUIET)],
    "implied role": [
        ("role create", "{u}-a", {"save": ("a", "id")}), ("role create", "{u}-b", {"save": ("b", "id")}),
        ("implied role create", "{a} --implied-role {b}", {}), ("implied role list", "", {"has": "{b}"}),
        ("implied role delete", "{a} --implied-role {b}", QUIET), ("role delete", "{a}", QUIET),
        ("role delete", "{b}", QUIET)],
    "region": [
        ("region create", "{u}", {"save": ("id", "region")}), ("region list", "", {"has": "{u}"}),
        ("region set", "--description d {u}", QUIET), ("region show", "{u}", {"is": ("description", "d")}),
        ("region delete", "{u}", QUIET), ("!region show", "{u}", {})],
    "service": openstack("service", "--name {u} {u}-t", "--name {u}-2"),
    "endpoint": [
        ("service create", "--name {u} {u}-t", {"save": ("service", "id")}),
        ("endpoint create", "{service} public https://192.0.2.1/", {"save": ("id", "id")}),
        ("endpoint list", "", {"has": "{id}"}), ("endpoint set", "--url https://192.0.2.2/ {id}", QUIET),
        ("endpoint show", "{id}", {"is": ("url", "https://192.0.2.2/")}), ("endpoint delete", "{id}", QUIET),
        ("!endpoint show", "{id}", {}), ("service delete", "{service}", QUIET)],
    "application credential": [
        ("application credential create", "{u}", {"save": ("id", "id")}),
        ("application credential list", "", {"has": "{id}"}),
        ("application credential show", "{id}", {"is": ("name", "{u}")}),
        ("application credential delete", "{id}", QUIET), ("!application credential show", "{id}", {})],
    "image": [
        ("image create", "--file {data} --disk-format raw --container-format bare {u}", {"save": ("id", "id")}),
        ("image list", "", {"has": "{id}"}), ("image show", "{id}", {"is": ("name", "{u}")}),
        ("image set", "--name {u}-2 --tag t --property a=b {id}", QUIET),
        ("image show", "{id}", {"is": ("name", "{u}-2")}), ("image unset", "--tag t --property a {id}", QUIET),
        ("image save", "--file {data}.save {id}", QUIET), ("image add project", "{id} {other}", {}),
        ("image member list", "{id}", {}), ("image remove project", "{id} {other}", QUIET),
        ("image delete", "{id}", QUIET), ("!image show", "{id}", {})],
    "flavor": [
        ("flavor create", "--ram 64 --disk 1 --vcpus 1 {u}", {"save": ("id", "id")}), ("flavor list", "", {"has": "{id}"}),
        ("flavor show", "{id}", {"is": ("name", "{u}")}), ("flavor set", "--property hw:a=b {id}", QUIET),
        ("flavor unset", "--property hw:a {id}", QUIET), ("flavor delete", "{id}", QUIET), ("!flavor show", "{id}", {})],
    "keypair": [
        ("keypair create", "{u}", QUIET), ("keypair list", "", {"has": "{u}"}), ("keypair show", "{u}", {"is": ("name", "{u}")}),
        ("keypair delete", "{u}", QUIET), ("!keypair show", "{u}", {})],
    "network": openstack("network", "{u}", "--name {u}-2"),
    "subnet": [("network create", "{u}-n", {"save": ("net", "id")}),
               *openstack("subnet", "--network {net} --subnet-range 10.93.0.0/24 {u}", "--name {u}-2"),
               ("network delete", "{net}", QUIET)],
    "port": [("network create", "{u}-n", {"save": ("net", "id")}),
             *openstack("port", "--network {net} {u}", "--name {u}-2"), ("network delete", "{net}", QUIET)],
    "security group": openstack("security group", "{u}", "--name {u}-2"),
    "security group rule": [
        ("security group create", "{u}", {"save": ("group", "id")}),
        ("security group rule create", "--protocol tcp --dst-port 80 {group}", {"save": ("id", "id")}),
        ("security group rule list", "{group}", {"has": "{id}"}),
        ("security group rule show", "{id}", {"is": ("port_range_min", "80")}),
        ("security group rule delete", "{id}", QUIET), ("!security group rule show", "{id}", {}),
        ("security group delete", "{group}", QUIET)],
    "tap": [
        ("network create", "{u}-n", {"save": ("net", "id")}), ("port create", "--network {net} {u}-a", {"save": ("a", "id")}),
        ("port create", "--network {net} {u}-b", {"save": ("b", "id")}),
        ("tap service create", "--name {u} --port {a}", {"save": ("service", "id")}),
        ("tap service list", "", {"has": "{service}"}), ("tap service update", "{service} --name {u}-2", {}),
        ("tap service show", "{service}", {"is": ("name", "{u}-2")}),
        ("tap flow create", "--name {u} --port {b} --tap-service {service} --direction BOTH", {"save": ("flow", "id")}),
        ("tap flow list", "", {"has": "{flow}"}), ("tap flow update", "{flow} --name {u}-2", {}),
        ("tap flow show", "{flow}", {"is": ("name", "{u}-2")}), ("tap flow delete", "{flow}", QUIET),
        ("!tap flow show", "{flow}", {}), ("tap service delete", "{service}", QUIET),
        ("!tap service show", "{service}", {}), ("port delete", "{a} {b}", QUIET), ("network delete", "{net}", QUIET)],
    "router": [
        ("network create", "{u}-n", {"save": ("net", "id")}),
        ("subnet create", "--network {net} --subnet-range 10.95.0.0/24 {u}", {"save": ("subnet", "id")}),
        ("router create", "{u}-r", {"save": ("router", "id")}), ("router add subnet", "{router} {subnet}", QUIET),
        ("router set", "--external-gateway {outside} {router}", QUIET),
        ("port create", "--network {net} {u}", {"save": ("port", "id")}),
        ("floating ip create", "{outside}", {"save": ("ip", "id")}), ("floating ip list", "", {"has": "{ip}"}),
        ("floating ip set", "--port {port} {ip}", QUIET), ("floating ip show", "{ip}", {"is": ("port_id", "{port}")}),
        ("floating ip unset", "--port {ip}", QUIET), ("floating ip delete", "{ip}", QUIET),
        ("port delete", "{port}", QUIET), ("router unset", "--external-gateway {router}", QUIET),
        ("router remove subnet", "{router} {subnet}", QUIET), ("router delete", "{router}", QUIET),
        *openstack("router", "{u}", "--name {u}-2"), ("subnet delete", "{subnet}", QUIET),
        ("network delete", "{net}", QUIET)],
    "address group": [
        *openstack("address group", "--address 192.0.2.0/24 {u}", "--name {u}-2"),
        ("address group create", "--address 192.0.2.0/24 {u}", {"save": ("id", "id")}),
        ("address group set", "--address 198.51.100.0/24 {id}", QUIET), ("address group show", "{id}", {"is": ("name", "{u}")}),
        ("address group unset", "--address 192.0.2.0/24 {id}", QUIET), ("address group delete", "{id}", QUIET)],
    "address scope": openstack("address scope", "--ip-version 4 {u}", "--name {u}-2"),
    "default security group rule": [
        ("default security group rule create", "--protocol tcp --dst-port 2222 --for-custom-sg", {"save": ("id", "id")}),
        ("default security group rule list", "", {"has": "{id}"}),
        ("default security group rule show", "{id}", {"is": ("port_range_min", "2222")}),
        ("default security group rule delete", "{id}", QUIET), ("!default security group rule show", "{id}", {})],
    "qos policy": openstack("network qos policy", "{u}", "--name {u}-2"),
    "qos rule": [
        ("network qos policy create", "{u}", {"save": ("policy", "id")}),
        ("network qos rule create", "--type bandwidth-limit --max-kbps 1000 --egress {policy}", {"save": ("id", "id")}),
        ("network qos rule list", "{policy}", {"has": "{id}"}),
        ("network qos rule set", "--max-kbps 2000 {policy} {id}", QUIET),
        ("network qos rule show", "{policy} {id}", {"is": ("max_kbps", "2000")}),
        ("network qos rule delete", "{policy} {id}", QUIET), ("!network qos rule show", "{policy} {id}", {}),
        ("network qos rule type list", "", {"has": "dscp_marking"}), ("network qos rule type show", "dscp_marking", {}),
        ("network qos policy delete", "{policy}", QUIET)],
    "port forwarding": [
        ("network create", "{u}-n", {"save": ("net", "id")}),
        ("subnet create", "--network {net} --subnet-range 10.97.0.0/24 {u}", {"save": ("subnet", "id")}),
        ("router create", "--external-gateway {outside} {u}-r", {"save": ("router", "id")}),
        ("router add subnet", "{router} {subnet}", QUIET),
        ("port create", "--network {net} --fixed-ip ip-address=10.97.0.9 {u}", {"save": ("port", "id")}),
        ("floating ip create", "{outside}", {"save": ("ip", "id")}),
        ("floating ip port forwarding create", "--internal-ip-address 10.97.0.9 --port {port} --internal-protocol-port 80"
         " --external-protocol-port 8080 --protocol tcp {ip}", {"save": ("id", "id")}),
        ("floating ip port forwarding list", "{ip}", {"has": "{id}"}),
        ("floating ip port forwarding set", "--external-protocol-port 8081 {ip} {id}", QUIET),
        ("floating ip port forwarding show", "{ip} {id}", {"is": ("external_port", "8081")}),
        ("floating ip port forwarding delete", "{ip} {id}", QUIET), ("floating ip delete", "{ip}", QUIET),
        ("port delete", "{port}", QUIET), ("router remove subnet", "{router} {subnet}", QUIET),
        ("router delete", "{router}", QUIET), ("subnet delete", "{subnet}", QUIET), ("network delete", "{net}", QUIET)],
    "rbac": [
        ("network create", "{u}-n", {"save": ("net", "id")}),
        ("network rbac create", "--type network --action access_as_shared --target-project {other} {net}",
         {"save": ("id", "id")}),
        ("network rbac list", "--type network", {"has": "{id}"}),
        ("network rbac show", "{id}", {"is": ("action", "access_as_shared")}),
        ("network rbac set", "--target-project {project} {id}", QUIET),
        ("network rbac delete", "{id}", QUIET), ("!network rbac show", "{id}", {}), ("network delete", "{net}", QUIET)],
    "agent": [("network agent list", "", {"save": ("id", "id")}), ("network agent show", "{id}", {"is": ("id", "{id}")})],
    "auto allocated topology": [
        ("subnet pool create", "--share --default --pool-prefix 10.98.0.0/16 {u}", {"save": ("pool", "id")}),
        ("network auto allocated topology create", "--check-resources", {}),
        ("network auto allocated topology create", "--or-show", {"save": ("net", "id")}),
        ("network show", "{net}", {"is": ("name", "auto_allocated_network")}),
        ("network auto allocated topology delete", "", QUIET),
        ("subnet pool delete", "{pool}", QUIET)],
    "floating ip policy": [
        ("network qos policy create", "{u}", {"save": ("policy", "id")}),
        ("floating ip create", "{outside}", {"save": ("ip", "id")}),
        ("floating ip set", "--qos-policy {policy} {ip}", QUIET),
        ("floating ip show", "{ip}", {"is": ("qos_policy_id", "{policy}")}),
        ("floating ip unset", "--qos-policy {ip}", QUIET), ("floating ip delete", "{ip}", QUIET),
        ("network qos policy delete", "{policy}", QUIET)],
    "subnet pool": openstack("subnet pool", "--pool-prefix 10.96.0.0/16 {u}", "--name {u}-2"),
    "quota": [
        ("quota set", "--cores 77 {other}", QUIET), ("quota show", "{other}", QUIET), ("quota delete", "{other}", QUIET),
        ("limits show", "--absolute", {}), ("availability zone list", "--compute", {})],
    "server group": [
        ("server group create", "--policy anti-affinity {u}", {"save": ("id", "id")}),
        ("server group list", "", {"has": "{id}"}), ("server group show", "{id}", {"is": ("name", "{u}")}),
        ("server group delete", "{id}", QUIET), ("!server group show", "{id}", {})],
    "hypervisor": [("hypervisor list", "", {}), ("hypervisor stats show", "", {})],
    "server": [
        ("network create", "{u}-n", {"save": ("net", "id")}),
        ("subnet create", "--network {net} --subnet-range 10.94.0.0/24 {u}", {"save": ("subnet", "id")}),
        ("server create", "--image {image} --flavor {flavor} --network {net} --wait {u}", {"save": ("id", "id")}),
        ("server list", "", {"has": "{id}"}), ("server show", "{id}", {"is": ("status", "ACTIVE")}),
        ("server set", "--name {u}-2 --property a=b {id}", QUIET), ("server show", "{id}", {"is": ("name", "{u}-2")}),
        ("console log show", "{id}", QUIET), ("server pause", "{id}", QUIET), ("server unpause", "{id}", QUIET),
        ("server reboot", "{id}", QUIET), ("server show", "{id}", {"until": ("status", "ACTIVE")}),
        ("server stop", "{id}", QUIET), ("server show", "{id}", {"until": ("status", "SHUTOFF")}),
        ("server start", "{id}", QUIET), ("server show", "{id}", {"until": ("status", "ACTIVE")}),
        ("server suspend", "{id}", QUIET), ("server show", "{id}", {"until": ("status", "SUSPENDED")}),
        ("server resume", "{id}", QUIET), ("server show", "{id}", {"until": ("status", "ACTIVE")}), ("server lock", "{id}", QUIET),
        ("server unlock", "{id}", QUIET), ("console url show", "--novnc {id}", {}),
        ("security group create", "{u}-g", {"save": ("group", "id")}),
        ("server add security group", "{id} {group}", QUIET), ("server remove security group", "{id} {group}", QUIET),
        ("security group delete", "{group}", QUIET), ("port create", "--network {net} {u}-p", {"save": ("port", "id")}),
        ("server add port", "{id} {port}", QUIET), ("server remove port", "{id} {port}", QUIET),
        ("port delete", "{port}", QUIET), ("server event list", "{id}", {}),
        ("server image create", "--name {u}-i --wait {id}", {"save": ("made", "id")}), ("image delete", "{made}", QUIET),
        ("server resize", "--flavor {larger} --wait {id}", QUIET), ("server resize confirm", "{id}", QUIET),
        ("server rebuild", "--wait --image {image} {id}", QUIET), ("server unset", "--property a {id}", QUIET),
        ("server delete", "--wait {id}", QUIET), ("!server show", "{id}", {}),
        ("subnet delete", "{subnet}", QUIET), ("network delete", "{net}", QUIET)],
}
