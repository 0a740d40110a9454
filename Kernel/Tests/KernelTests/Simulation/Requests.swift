import CloudCore
import CloudSim
import CloudWire

/// The tenants of a simulation: what they ask for, in good order and bad.
extension SimulatedCloud {
    func request() async {
        if world.clock.now() - loggedInAt > .seconds(3000) { await logIn() }
        let tenant = chance.below(tenants.count)
        if hasWays, chance.chance(650) { return await orderSomething(tenant) }
        if chance.chance(isOfStorage ? 600 : 180) { return await orderVolumes(tenant) }
        switch chance.below(100) {
        case 0..<5: await createNetwork(tenant)
        case 5..<11: await createSubnet(tenant)
        case 11..<18: await createPort(tenant)
        case 18..<33: await createServer(tenant)
        case 33..<35: await createImage(tenant)
        case 35..<40: await upload(tenant)
        case 40..<57: await act(tenant)
        case 57..<68: await update(tenant)
        case 68..<88: await delete(tenant)
        case 88..<94: await deal(tenant)
        case 94..<96: await tap(tenant)
        case 96..<98: await log(tenant)
        default: await look(tenant)
        }
    }

    /// What a tenant begins with, so that later requests have something to meet.
    func furnish(_ tenant: Int) async {
        await createNetwork(tenant)
        await createImage(tenant)
        if tenant == 0, !hasWays { await createSubnet(tenant) }
        await createPort(tenant)
        // Servers take most of a seed's time.
        if !hasWays || chance.chance(400) { await createServer(tenant) }
        guard isOfStorage else { return }
        for _ in 0..<2 { _ = await createVolume(tenant) }
        for _ in 0..<2 {
            // The project's key is made first.
            await cloud.engine.drainQuietly()
            world.clock.advance(.milliseconds(250))
        }
        await cloud.engine.drainQuietly()
    }

    /// A thing of a tenant that is alive, mostly; one of somebody else, gone, or never there at other times.
    func some(_ kind: String, _ tenant: Int) -> String {
        let ids = promises.ids[kind] ?? []
        let roll = isQuiet ? 99 : chance.below(100)
        if roll < 3 { return "00000000-0000-4000-8000-000000000000" }
        if roll < 15, let any = chance.pick(Array(ids.suffix(12))) { return any }
        let mine = ids.filter { promises.facts[$0].map { $0.tenant == tenant && !$0.isDeleted } ?? false }
        return chance.pick(Array(mine.suffix(8))) ?? "00000000-0000-4000-8000-000000000001"
    }

    func freshName() -> String { "n\(chance.below(1_000_000))" }

    /// Sends a request; nil where no answer came, because the control plane died before or while it was sent.
    func send(
        _ tenant: Int, _ method: Method, _ path: String, _ body: [UInt8] = [], type: String = "application/json",
        asRoot: Bool = false
    ) async -> Answer? {
        let failures = world.mischief.failedCommits
        let sender = asRoot ? root : tenants[tenant]
        let changes = watch.changes
        let line =
            "\(sender.name) \(method.rawValue) \(path) \(type.hasSuffix("json") ? String(decoding: body, as: UTF8.self) : "…")"
        world.mischief.note(line)
        let response = await cloud.api.handle(
            Request(
                method: method, path: path,
                headers: ["x-auth-token": sender.token, "content-type": type],
                body: Chunk(body), remote: "192.0.2.\(tenant + 1)"))
        let requestID = response.headers.first { $0.name == "x-openstack-request-id" }?.value ?? ""
        if !world.mischief.isDead, !isQuiet, chance.chance(5) {
            world.mischief.note("  the answer \(response.status) is lost: crash")
            world.mischief.kill()
        }
        guard !world.mischief.isDead else { return nil }
        world.mischief.note("  → \(response.status) \(response.text.prefix(240))")
        promises.exchanges.append(
            Promises.Exchange(
                requestID: requestID, line: line, status: response.status, isMutation: !method.isSafe,
                sawFailure: world.mischief.failedCommits != failures))
        if (400..<500).contains(response.status), path.hasPrefix("/network/"), watch.changes != changes {
            faults.append("\(response.status) for \(line), and yet something changed")
        }
        if response.status == 500 { faults.append("500 for \(line)") }
        return Answer(status: response.status, response: response)
    }

    func send(
        _ tenant: Int, _ method: Method, _ path: String, _ body: JSON, asRoot: Bool = false
    ) async -> Answer? {
        await send(tenant, method, path, Array(body.text.utf8), asRoot: asRoot)
    }

    private func createNetwork(_ tenant: Int) async {
        let name = freshName()
        let answer = await send(tenant, .post, "/network/v2.0/networks", ["network": ["name": .string(name)]])
        guard let answer, answer.status == 201, let id = answer.body["network"]?["id"]?.string else { return }
        promises.created("network", id, tenant, name: name)
    }

    func createSubnet(_ tenant: Int, of block: String? = nil) async {
        let (network, name) = (some("network", tenant), freshName())
        let cidr = block ?? ["10.0.0.0/29", "10.0.0.0/30", "10.0.1.0/29", "10.0.2.1/29"][chance.below(4)]
        var subnet: [String: JSON] = ["network_id": .string(network), "cidr": .string(cidr), "name": .string(name)]
        if block == nil, chance.chance(200) { subnet["gateway_ip"] = .null }
        if block == nil, chance.chance(350) {
            subnet["cidr"] = .string(["2001:db8::/64", "2001:db8:0:1::/64", "2001:db8:0:2::/125"][chance.below(3)])
            subnet["ip_version"] = 6
            let modes = ["slaac", "dhcpv6-stateful", "dhcpv6-stateless", ""]
            for name in ["ipv6_address_mode", "ipv6_ra_mode"] {
                let mode = modes[chance.below(4)]
                if !mode.isEmpty { subnet[name] = .string(mode) }
            }
        }
        let answer = await send(tenant, .post, "/network/v2.0/subnets", ["subnet": .object(subnet)])
        guard let answer, answer.status == 201, let id = answer.body["subnet"]?["id"]?.string else { return }
        promises.created("subnet", id, tenant, name: name, network: network)
        // The network may have been deleted while the answer was on its way.
        if promises.facts[network]?.isDeleted ?? false { promises.facts[id]?.isDeleted = true }
    }

    private func createPort(_ tenant: Int) async {
        let name = freshName()
        var port: [String: JSON] = ["network_id": .string(some("network", tenant)), "name": .string(name)]
        if chance.chance(300) {
            let address =
                chance.chance(300) ? "2001:db8::\(chance.below(4))" : "10.0.\(chance.below(2)).\(chance.below(8))"
            port["fixed_ips"] = [["ip_address": .string(address)]]
        }
        if chance.chance(150) { port["mac_address"] = .string("02:00:00:00:00:0\(chance.below(4))") }
        if chance.chance(50) { port["device_owner"] = "compute:zone1" }
        if chance.chance(200) { port["dns_name"] = .string("h\(chance.below(3))") }
        if chance.chance(150) { port["extra_dhcp_opts"] = [["opt_name": "mtu", "opt_value": "1300"]] }
        let answer = await send(tenant, .post, "/network/v2.0/ports", ["port": .object(port)])
        guard let answer, answer.status == 201, let id = answer.body["port"]?["id"]?.string else { return }
        promises.created("port", id, tenant, name: name)
    }

    private func createServer(_ tenant: Int) async {
        let name = freshName()
        var server: [String: JSON] = [
            "name": .string(name), "flavorRef": "small", "imageRef": .string(some("image", tenant)),
        ]
        switch chance.below(6) {
        case 0: server["networks"] = "none"
        case 1: break
        case 2, 3: server["networks"] = [["port": .string(some("port", tenant))]]
        case 4: server["networks"] = [["uuid": .string(some("network", tenant)), "fixed_ip": "10.0.0.3"]]
        default:
            server["networks"] = [["uuid": .string(some("network", tenant))], ["port": .string(some("port", tenant))]]
        }
        let answer = await send(
            tenant, .post, "/compute/v2.1/\(tenants[tenant].project)/servers", ["server": .object(server)])
        guard let answer, answer.status == 202, let id = answer.body["server"]?["id"]?.string else { return }
        promises.created("server", id, tenant, name: name, power: "on")
    }

    /// Has one port's packets copied to another.
    private func tap(_ tenant: Int) async {
        let service: JSON = ["tap_service": ["port_id": .string(some("port", tenant))]]
        let made = await send(tenant, .post, "/network/v2.0/taas/tap_services", service)
        guard let id = made?.body["tap_service"]?["id"]?.string else { return }
        let flow: JSON = [
            "tap_flow": [
                "tap_service_id": .string(id), "source_port": .string(some("port", tenant)), "direction": "BOTH",
            ]
        ]
        _ = await send(tenant, .post, "/network/v2.0/taas/tap_flows", flow)
        if chance.chance(200) { _ = await send(tenant, .delete, "/network/v2.0/taas/tap_services/\(id)", []) }
    }

    private func log(_ tenant: Int) async {
        var log: [String: JSON] = [
            "resource_type": "security_group", "event": .string(["ALL", "DROP"][chance.below(2)]),
        ]
        if chance.chance(600) { log["target_id"] = .string(some("port", tenant)) }
        let made = await send(tenant, .post, "/network/v2.0/log/logs", ["log": .object(log)])
        guard let id = made?.body["log"]?["id"]?.string, chance.chance(400) else { return }
        _ = await send(tenant, .put, "/network/v2.0/log/logs/\(id)", ["log": ["enabled": false]])
    }

    private func createImage(_ tenant: Int) async {
        let name = freshName()
        let answer = await send(
            tenant, .post, "/image/v2/images",
            [
                "name": .string(name), "disk_format": isQuiet || chance.chance(800) ? "raw" : "qcow2",
                "container_format": "bare",
            ])
        guard let answer, answer.status == 201, let id = answer.body["id"]?.string else { return }
        promises.created("image", id, tenant, name: name)
        await upload(tenant, id)
    }

    private func upload(_ tenant: Int, _ image: String? = nil) async {
        let id = image ?? some("image", tenant)
        let bytes = [UInt8](repeating: UInt8(chance.below(256)), count: 16 + chance.below(200))
        let answer = await send(tenant, .put, "/image/v2/images/\(id)/file", bytes, type: "application/octet-stream")
        guard let answer else { return promises.unsure(id) }
        if answer.status == 204 { promises.facts[id]?.hasBytes = true }
    }

    private func act(_ tenant: Int) async {
        let acts: [(JSON, String?)] = [
            (["os-start": nil], "on"), (["os-stop": nil], "off"), (["pause": nil], "paused"), (["unpause": nil], "on"),
            (["reboot": ["type": "SOFT"]], "on"), (["reboot": ["type": "HARD"]], "on"),
            (["os-getConsoleOutput": ["length": 10]], nil), (["explode": nil], nil),
            (["os-getVNCConsole": ["type": "novnc"]], nil), (["suspend": nil], "suspended"),
            (["resume": nil], "on"), (["createImage": ["name": "copy"]], nil),
            (["rebuild": ["imageRef": .string(some("image", tenant))]], nil),
            (["resize": ["flavorRef": "large"]], nil), (["confirmResize": nil], nil), (["revertResize": nil], nil),
        ]
        let (body, power) = acts[chance.below(acts.count)]
        let id = some("server", tenant)
        let halts = self.halts(id)
        let answer = await send(tenant, .post, "/compute/v2.1/\(tenants[tenant].project)/servers/\(id)/action", body)
        guard let answer else { return promises.unsure(id) }
        if answer.status == 202, body["rebuild"] != nil {
            // A server that had stopped stays so; one that had not, runs afterwards.
            promises.facts[id]?.power = nil
        }
        guard answer.status == 202, let power else { return }
        promises.facts[id]?.power = power
        if power == "on" { promises.facts[id]?.haltsBefore = halts }
    }

    /// How often a guest has powered itself off.
    func halts(_ server: String) -> Int {
        world.hypervisor.guests.values.compactMap { $0[ID(server)]?.halts }.max() ?? 0
    }

    private static let paths = [
        "network": "/network/v2.0/networks/", "subnet": "/network/v2.0/subnets/", "port": "/network/v2.0/ports/",
        "image": "/image/v2/images/",
    ]

    private func path(_ kind: String, _ id: String, _ tenant: Int) -> String {
        (Self.paths[kind] ?? "/compute/v2.1/\(tenants[tenant].project)/servers/") + id
    }

    private func update(_ tenant: Int) async {
        let kind = ["network", "subnet", "port", "server", "image"][chance.below(5)]
        let (id, name) = (some(kind, tenant), freshName())
        var change: [String: JSON] = ["name": .string(name)]
        switch kind {
        case "network" where chance.chance(300): change["admin_state_up"] = .bool(chance.chance(500))
        case "port" where chance.chance(300): change["admin_state_up"] = .bool(chance.chance(500))
        // Somebody else's server, perhaps, or none: a port must not be steered into it or out of it.
        case "port" where chance.chance(300):
            change["device_id"] = .string(chance.chance(500) ? some("server", 1 - tenant) : "")
        case "port" where chance.chance(100): change["device_owner"] = chance.chance(500) ? "compute:x" : ""
        case "subnet" where chance.chance(400):
            change["enable_dhcp"] = .bool(chance.chance(500))
            change["gateway_ip"] = chance.chance(300) ? .null : .string("10.0.0.\(1 + chance.below(6))")
        default: break
        }
        let isImage = kind == "image"
        let body: JSON =
            isImage ? [["op": "replace", "path": "/name", "value": .string(name)]] : .object([kind: .object(change)])
        let answer = await send(tenant, isImage ? .patch : .put, path(kind, id, tenant), body)
        guard let answer else { return promises.unsure(id) }
        if answer.status == 200 { promises.facts[id]?.name = name }
    }

    private func delete(_ tenant: Int) async {
        let kind = ["network", "subnet", "port", "port", "server", "server", "server", "image"][chance.below(8)]
        let id = some(kind, tenant)
        let answer = await send(tenant, .delete, path(kind, id, tenant), [])
        guard let answer else { return promises.unsure(id) }
        if answer.status == 204 { promises.deleted(id) }
    }

    private func look(_ tenant: Int) async {
        let paths = [
            "/network/v2.0/ports", "/image/v2/images", "/compute/v2.1/\(tenants[tenant].project)/servers/detail",
        ]
        _ = await send(tenant, .get, paths[chance.below(paths.count)], [])
    }
}

/// An answer; its body is read where it matters.
struct Answer {
    var status: Int
    var response: Response
    var body: JSON { response.json }
}

extension Response {
    var bytes: [UInt8] { if case .bytes(let bytes) = body { bytes } else { [] } }
    var text: String { String(decoding: bytes, as: UTF8.self) }
    var json: JSON { (try? JSON.parse(bytes)) ?? .null }
}
