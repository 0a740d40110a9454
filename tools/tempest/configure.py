"""Writes tempest.conf for a running Akashi: what is there is looked up, what is missing is made.

usage: configure.py STATE GUEST-IMAGE WORKDIR [--reachable]
--reachable: servers are reached by their floating addresses from where Tempest will run.
"""
import configparser
import pathlib
import sys

from cloud import Cloud

# What an extension list says in place of `all`, by service; anything absent here is not served.
FEATURES = {"identity": True, "image": True, "nova": True, "neutron": True,
            "cinder": True, "swift": False, "horizon": False, "placement": False}


def ensure_images(cloud, guest):
    """Two public images of the test guest, for tests that compare."""
    there = {each["name"]: each["id"] for each in cloud.want("GET", "/image/v2/images")["images"]
             if each["status"] == "active"}
    ids = []
    for name in ("tempest-guest", "tempest-guest-alt"):
        if name not in there:
            image = cloud.want("POST", "/image/v2/images", {
                "name": name, "disk_format": "raw", "container_format": "bare", "visibility": "public"})
            with open(guest, "rb") as data:
                cloud.want("PUT", f"/image/v2/images/{image['id']}/file", data.read(), "application/octet-stream")
            there[name] = image["id"]
        ids.append(there[name])
    return ids


def ensure_flavors(cloud):
    """Two small flavors, the second larger than the first."""
    path = f"/compute/v2.1/{cloud.project}/flavors"
    there = {each["name"]: each["id"] for each in cloud.want("GET", path)["flavors"]}
    ids = []
    for name, ram, disk in (("tempest-1", 128, 1), ("tempest-2", 192, 2)):
        if name not in there:
            flavor = {"name": name, "ram": ram, "vcpus": 1, "disk": disk}
            there[name] = cloud.want("POST", path, {"flavor": flavor})["flavor"]["id"]
        ids.append(there[name])
    return ids


def find_network(cloud):
    """The network outside, from which floating addresses come: its id and its name."""
    found = cloud.want("GET", "/network/v2.0/networks?router:external=True&name=internet")["networks"]
    if not found:
        raise SystemExit("tempest: the cloud has no external network 'internet' (akashi up --internet)")
    return found[0]["id"], found[0]["name"]


def extensions(cloud, path):
    """The extensions that a service announces; `all` where it announces none."""
    status, _, answer = cloud.call("GET", path)
    names = [each["alias"] for each in answer.get("extensions", [])] if status == 200 else []
    return ",".join(names) or "all"


def sections(cloud, guest, work, reachable):
    images, flavors, (network, network_name) = ensure_images(cloud, guest), ensure_flavors(cloud), find_network(cloud)
    env, base = cloud.env, cloud.base
    version = cloud.want("GET", "/compute/v2.1")["version"]
    yield "DEFAULT", {"debug": False, "log_dir": work, "log_file": "tempest.log", "use_stderr": False}
    yield "oslo_concurrency", {"lock_path": f"{work}/lock"}
    yield "auth", {
        "use_dynamic_credentials": True, "create_isolated_networks": True,
        "admin_username": env["OS_USERNAME"], "admin_password": env["OS_PASSWORD"],
        "admin_project_name": env.get("OS_PROJECT_NAME", "admin"), "admin_domain_name": "Default",
        "default_credentials_domain_name": "Default", "tempest_roles": "member"}
    yield "identity", {
        "uri_v3": f"{base}/identity/v3", "auth_version": "v3", "region": env["OS_REGION_NAME"],
        "ca_certificates_file": env["OS_CACERT"], "v3_endpoint_type": "public", "default_domain_id": "default",
        # As many as are remembered, as many as lock a user out, and for how many seconds.
        "user_unique_last_password_count": 2, "user_lockout_failure_attempts": 6, "user_lockout_duration": 120}
    yield "identity-feature-enabled", {
        "api_v2": False, "api_v2_admin": False, "trust": False, "external_idp": False,
        "application_credentials": True, "access_rules": False, "project_tags": True, "security_compliance": True}
    yield "service_available", {name: there for name, there in FEATURES.items() if name not in ("identity", "image")} | {
        "glance": True}
    yield "compute", {
        "image_ref": images[0], "image_ref_alt": images[1], "flavor_ref": flavors[0], "flavor_ref_alt": flavors[1],
        "build_interval": 1, "build_timeout": 120, "endpoint_type": "public", "min_compute_nodes": 1,
        # Without a microversion the option must be absent.
        **({"max_microversion": version["version"]} if version["version"] != "2.1" else {}),
        "ready_wait": 0}
    yield "compute-feature-enabled", {
        "api_extensions": "all", "console_output": True, "vnc_console": True, "resize": True, "cold_migration": False,
        "live_migration": False, "shelve": False, "rescue": False, "snapshot": True, "personality": False,
        "attach_encrypted_volume": False, "swap_volume": False, "interface_attach": True, "config_drive": True,
        "metadata_service": False, "spice_console": False, "disk_config": True,
        "allow_port_security_disabled": True}
    yield "image", {"endpoint_type": "public", "build_timeout": 120, "build_interval": 1,
                    "container_formats": "bare", "disk_formats": "raw"}
    yield "image-feature-enabled", {
        # Off, as bytes that are declared raw may be anything that is no other format: only so do lists get tested.
        "image_format_enforcement": False, "api_v2": True, "import_image": False, "os_glance_reserved": True,
                                    "image_caching": False, "manage_locations": False}
    yield "network", {
        "endpoint_type": "public", "project_network_cidr": "10.100.0.0/16", "project_network_mask_bits": 24,
        "project_networks_reachable": False, "build_timeout": 60, "build_interval": 1,
        "default_network": "10.100.0.0/16", "public_network_id": network, "floating_network_name": network_name}
    yield "network-feature-enabled", {"api_extensions": extensions(cloud, "/network/v2.0/extensions"), "ipv6": True,
                                      "ipv6_subnet_attributes": True, "floating_ips": True}
    yield "volume", {
        "catalog_type": "volumev3", "endpoint_type": "public", "build_interval": 1, "build_timeout": 120,
        "min_microversion": "3.0", "max_microversion": "3.40", "volume_size": 1}
    yield "volume-feature-enabled", {
        "backup": False, "snapshot": True, "clone": True, "volume_revert": True, "multi_backend": False,
        "manage_volume": False, "manage_snapshot": False, "extend_attached_volume": False,
        "consistency_group": False, "api_extensions": "all"}
    yield "validation", {
        "run_validation": reachable, "connect_method": "floating" if reachable else "fixed", "auth_method": "keypair",
        "image_ssh_user": "root", "image_ssh_password": "akashi", "image_alt_ssh_user": "root",
        "image_alt_ssh_password": "akashi", "ssh_timeout": 180, "ping_timeout": 120}
    yield "scenario", {"img_file": guest, "dhcp_client": "udhcpc"}


def main(state, guest, work, reachable=False):
    folder = pathlib.Path(work)
    (folder / "etc").mkdir(parents=True, exist_ok=True)
    (folder / "lock").mkdir(exist_ok=True)
    config = configparser.RawConfigParser()
    for name, values in sections(Cloud(state), guest, str(folder), reachable):
        if name != "DEFAULT":
            config.add_section(name)
        for key, value in values.items():
            config.set(name, key, str(value))
    with open(folder / "etc" / "tempest.conf", "w") as out:
        config.write(out)
    print(folder / "etc" / "tempest.conf")


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5) or sys.argv[4:] not in ([], ["--reachable"]):
        sys.exit(__doc__)
    main(*sys.argv[1:4], reachable=len(sys.argv) == 5)
