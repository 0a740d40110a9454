import CloudCore
import CloudStore
import CloudWire

/// Ports of a floating address that lead to a port of a network, so that several share the address.
public struct PortForwarding: Resource {
    public var floating = ID<FloatingIP>("")
    public var port = ID<Port>("")
    /// The port's address; its first of IPv4 where nobody says.
    public var inside: IPv4?
    public var transport = Transport.tcp
    /// The first and last port outside, and the first inside: as many follow it.
    public var first = 0, last = 0, firstInside = 0
    public var description = ""
    /// The last port inside where somebody said it, for checking.
    var lastInside: Int?

    public enum Transport: String, CaseIterable, Sendable { case tcp, udp, sctp }

    public init() {}

    public static let kind = Kind("port_forwarding", "port_forwardings", service: "network")
    public static let access = Access.project
    public static let fields: [Field<PortForwarding>] = [
        .reference("floating_ip", \.floating, [.indexed], "The floating address."),
        .reference("internal_port_id", \.port, [.read, .create, .update, .required, .indexed], "Where it leads."),
        .parsed("internal_ip_address", \.inside, [.read, .create, .update], "The address of that port."),
        .choice("protocol", \.transport, [.read, .create, .update, .required], "tcp, udp or sctp."),
        .integer("external_port", \.first, [.read, .create, .update], 0...65_535, "The first port outside."),
        .integer("external_end", \.last, [], 0...65_535, "The last port outside."),
        .integer("internal_port", \.firstInside, [.read, .create, .update], 0...65_535, "The first port inside."),
        .text("description", \.description, [.read, .create, .update], "What it is for."),
    ]

    /// The most ports of one forwarding.
    static let most = 128
}

extension PortForwarding: Metered {
    public static let quota = 100

    public static func admit(_ draft: inout Stored<PortForwarding>, for caller: Caller, in writer: any Writer)
        throws(CloudError)
    {
        try draft.settle(caller, in: writer)
    }

    public static func admitChange(
        of it: inout Stored<PortForwarding>, from old: Stored<PortForwarding>, for caller: Caller,
        in writer: any Writer
    ) throws(CloudError) {
        if it.port != old.port, it.inside == old.inside { it.value.inside = nil }
        try it.settle(caller, in: writer)
    }

    public static func admitRemoval(
        of it: Stored<PortForwarding>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        let others = try writer.list(PortForwarding.self, where: "floating_ip", .string(it.floating.text))
        guard var floating = try writer.find(it.floating) else { return }
        let router = floating.router
        if others.allSatisfy({ $0.id == it.id }) {
            floating.value.router = nil
            try writer.update(&floating)
        }
        if let router { try Router.refresh(router, in: writer) }
    }

    /// Takes away what leads to a port that goes.
    static func letGo(of port: Stored<Port>, keeping: Set<IPv4> = [], in writer: any Writer) throws(CloudError) {
        for it in try writer.list(PortForwarding.self, where: "internal_port_id", .string(port.id.text))
        where it.inside.map({ !keeping.contains($0) }) ?? true {
            try admitRemoval(of: it, for: Caller(), in: writer)
            try writer.remove(Reference(it.id))
        }
    }
}

extension Stored where R == PortForwarding {
    /// Checks the ports, finds the address and the router, and has that translate.
    fileprivate mutating func settle(_ caller: Caller, in writer: any Writer) throws(CloudError) {
        var floating = try writer.own(value.floating, for: caller)
        guard floating.port.isEmpty else {
            throw .conflict("Floating IP \(floating.id) stands for port \(floating.port), so it forwards none.")
        }
        try checkPorts(in: writer)
        let port = try writer.get(value.port, for: caller)
        guard port.project == project || caller.isOperator else { throw .missing(Port.kind.title, value.port.text) }
        let own = port.addresses.first { it in
            it.address?.v4.map { value.inside == nil || $0 == value.inside } ?? false
        }
        guard let own, let address = own.address?.v4 else {
            throw .invalid(
                "Bad port_forwarding request: Port \(port.id) does not have the address \(value.inside?.description ?? "of IPv4").",
                field: "internal_ip_address")
        }
        value.inside = address
        let router = try floating.router(to: own.subnet, of: port, in: writer)
        guard floating.router == nil || floating.router == router else {
            throw .conflict("All forwardings of a floating IP go by one router, \(floating.router?.text ?? "").")
        }
        if floating.router != router {
            floating.value.router = router
            try writer.update(&floating)
        }
        try Router.refresh(router, in: writer)
    }

    private mutating func checkPorts(in reader: any Reader) throws(CloudError) {
        if value.last == 0 { value.last = value.first }
        let count = value.last - value.first + 1
        guard value.first >= 1, value.firstInside >= 1, (1...PortForwarding.most).contains(count),
            value.firstInside + count - 1 <= 65_535,
            value.lastInside ?? value.firstInside + count - 1 == value.firstInside + count - 1
        else {
            throw .invalid(
                "Invalid input for external_port: 1 to 65535, at most \(PortForwarding.most) in a row and as many inside as outside.",
                field: "external_port")
        }
        for other in try reader.list(PortForwarding.self, where: "floating_ip", .string(value.floating.text))
        where other.id != id && other.transport == value.transport
            && other.first <= value.last && value.first <= other.last
        {
            throw .conflict(
                "Bad port_forwarding request: A duplicate port forwarding entry with same attributes already exists: \(other.id) has \(other.transport.rawValue) \(other.first) to \(other.last)."
            )
        }
    }
}

extension PortForwarding {
    static let face = Face<PortForwarding>(
        .network, "/v2.0/floatingips/{floating_ip_id}/port_forwardings", "port_forwarding", "port_forwardings",
        [
            .id(), .field("internal_port_id"), address, .field("protocol"), bound("external_port", \.first),
            range("external_port_range", \.first, { $0.last }) { (it, low, high) in (it.first, it.last) = (low, high) },
            bound("internal_port", \.firstInside),
            range("internal_port_range", \.firstInside, { $0.firstInside + $0.last - $0.first }) {
                (it, low, high) in (it.firstInside, it.lastInside) = (low, high)
            }, .field("description"),
        ])

    private static let address = Attribute<PortForwarding>(
        "internal_ip_address", column: "internal_ip_address", type: .text(max: 64, lines: false),
        rights: [.read, .create, .update], "The address of the port inside.",
        read: { (it, _) throws(CloudError) in it.inside.map { .string($0.description) } ?? .null },
        write: { (it, json) throws(CloudError) in
            if json.isNull { return it.inside = nil }
            guard let read = json.string.flatMap({ IPv4($0) }) else {
                throw .invalid(
                    "Invalid input for internal_ip_address: not an IPv4 address.", field: "internal_ip_address")
            }
            it.inside = read
        })

    /// One port; null where it is several.
    private static func bound(
        _ name: String, _ path: WritableKeyPath<PortForwarding, Int> & Sendable
    ) -> Attribute<PortForwarding> {
        Attribute(
            name, column: name, type: .integer(1...65_535), rights: [.read, .create, .update],
            "The port, where it is one.",
            read: { (it, _) throws(CloudError) in
                it.first == it.last ? .integer(it.value[keyPath: path]) : .null
            },
            write: { (it, json) throws(CloudError) in
                if json.isNull { return }
                guard let number = json.integer ?? json.string.flatMap({ Int($0) }), (1...65_535).contains(number)
                else { throw .invalid("Invalid input for \(name): 1 to 65535.", field: name) }
                it[keyPath: path] = number
                if name == "external_port" { it.last = number } else { it.lastInside = nil }
            })
    }

    /// Ports as `80:89`; one alone as `80:80`.
    private static func range(
        _ name: String, _ low: KeyPath<PortForwarding, Int> & Sendable,
        _ high: @escaping @Sendable (PortForwarding) -> Int,
        _ set: @escaping @Sendable (inout PortForwarding, Int, Int) -> Void
    ) -> Attribute<PortForwarding> {
        Attribute(
            name, type: .text(max: 16, lines: false), rights: [.read, .create, .update], "The ports, as 80:89.",
            read: { (it, _) throws(CloudError) in .string("\(it.value[keyPath: low]):\(high(it.value))") },
            write: { (it, json) throws(CloudError) in
                if json.isNull { return }
                let ends = json.string?.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) } ?? []
                guard (1...2).contains(ends.count), let low = ends[0], let high = ends[ends.count - 1],
                    (1...65_535).contains(low), (low...65_535).contains(high)
                else { throw .invalid("Invalid input for \(name): ports as 80:89.", field: name) }
                set(&it, low, high)
            })
    }

    static let routes = Nested(face, below: FloatingIP.self, parent: "floating_ip_id", column: "floating_ip") {
        (forwarding, parent) in forwarding.floating = ID(parent)
    }.routes(
        create: [
            "port_forwarding": [
                "internal_port_id": "{reachable_port}", "internal_port": 80, "external_port": 8080, "protocol": "tcp",
            ]
        ], update: ["port_forwarding": ["description": "the shop"]])
}
