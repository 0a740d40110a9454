import CloudCore
import CloudStore
import CloudWire

// How a port is carried on a physical port, for machines that are not the cloud's: untagged, or in a VLAN.

extension Port {
    /// `flat` or `vlan`; a VLAN has a tag.
    static let segmentAttributes = [
        Attribute<Port>(
            "segmentation_id", column: "segmentation_id", type: .integer(0...4094), rights: [.read, .create, .update],
            "The VLAN that a physical port carries it in; 0 for none.",
            read: { (it, _) throws(CloudError) in .integer(it.segment) },
            write: { (port, json) throws(CloudError) in
                guard !json.isNull else { return }
                try FieldType.integer(0...4094).check(json, name: "segmentation_id")
                (port.segment, port.segmentIsOpen) = (json.integer ?? 0, false)
            }),
        Attribute<Port>(
            "segmentation_type", type: .choice(Segmentation.allCases.map(\.rawValue)),
            rights: [.read, .create, .update], "Whether a physical port carries it untagged or in a VLAN.",
            read: { (it, _) throws(CloudError) in
                .string((it.segment == 0 ? Segmentation.flat : .vlan).rawValue)
            },
            write: { (port, json) throws(CloudError) in
                guard !json.isNull else { return }
                guard let type = json.string.flatMap(Segmentation.init(rawValue:)) else {
                    throw .invalid("Invalid input for segmentation_type: flat or vlan.", field: "segmentation_type")
                }
                // Attributes are set in the order of their names: the tag is there by now. ECL's client cannot say 0.
                if type == .flat, port.segmentIsOpen { port.segment = 0 }
                guard (type == .vlan) == (port.segment != 0) else {
                    throw .invalid(
                        "Invalid input for segmentation_id: flat goes with 0, vlan with 1 to 4094.",
                        field: "segmentation_id")
                }
                port.segmentIsSaid = true
            }),
    ]

    private enum Segmentation: String, CaseIterable { case flat, vlan }
}

extension Stored where R == Port {
    /// The physical port that it is plugged into, if its device is one of its project's.
    private func physicalPort(in reader: any Reader) throws(CloudError) -> Stored<PhysicalPort>? {
        guard !value.deviceID.isEmpty, !value.isOwned, !value.deviceOwner.hasPrefix("compute:"),
            let place = try reader.find(ID<PhysicalPort>(value.deviceID)), place.project == project
        else { return nil }
        return place
    }

    /// How its network goes on to the physical port that it is plugged into; nil for what is no physical port.
    func physicalLink(in reader: any Reader) throws(CloudError) -> NetworkLink? {
        guard let place = try physicalPort(in: reader), !place.physical.isEmpty else { return nil }
        return NetworkLink(id: id.text, physical: place.physical, segment: value.segment)
    }

    /// Whether nothing is carried for it any more: its VLAN may be another's next, and it keeps it until then.
    func isParted(_ store: any Store, in fabric: any Fabric) async throws(CloudError) -> Bool {
        let (network, it) = (value.network, self)
        let (waits, spec) = try await store.read { (reader) throws(CloudError) -> (Bool, NetworkSpec?) in
            guard try it.physicalLink(in: reader) != nil else { return (false, nil) }
            // A network that goes as well waits for its ports.
            guard try reader.get(network).deletingSince == nil else {
                return (false, try LogicalNetwork.spec(of: network, in: reader))
            }
            return (try !LogicalNetwork.isWoven(network, in: reader), nil)
        }
        if let spec { try await fabric.ensureNetwork(spec) }
        return !waits
    }

    /// Checks how it is to be carried, and takes the VLAN of the physical network that its physical port ends on.
    func takeSegment(was old: Stored<Port>?, in writer: any Writer) throws(CloudError) {
        guard value.segment != old?.segment || value.deviceID != old?.deviceID || value.adminUp != old?.adminUp else {
            return
        }
        if value.segment != 0, value.segment != old?.segment, !value.segmentIsSaid {
            throw .invalid(
                "Invalid input for segmentation_id: a VLAN goes with segmentation_type vlan.", field: "segmentation_id")
        }
        let left = try old?.physicalLink(in: writer)
        if let old, let left, value.segment != old.segment || value.deviceID != old.deviceID {
            // Its VLAN may be another's next.
            guard !old.adminUp, try LogicalNetwork.isWoven(value.network, in: writer) else {
                throw .conflict("Port \(id) is carried by a physical port: set admin_state_up to false first.")
            }
            try writer.release(LogicalNetwork.segments(of: left.physical), String(left.segment))
        }
        let place = try physicalPort(in: writer)
        if let place {
            guard !place.physical.isEmpty else {
                throw .conflict("Physical port \(place.id) ends on no physical network of the cloud.")
            }
            let carries = value.segment == 0 || place.ranges.contains { $0.contains(value.segment) }
            guard carries else {
                throw .invalid(
                    "Physical port \(place.id) does not carry VLAN \(value.segment).", field: "segmentation_id")
            }
            guard try writer.get(value.network).project == project else {
                throw .conflict("Only a network of one's own goes on to a physical port.")
            }
            let flat = Query(LogicalNetwork.kind).with("physical", .string(place.physical)).with("segment", 0)
            let isTaken = try value.segment == 0 ? writer.count(flat) > 0 : false
            guard !isTaken else {
                throw .conflict("What is untagged of physical network \(place.physical) is in use.")
            }
            try LogicalNetwork.claimSegment(value.segment, of: place.physical, for: Reference(id), in: writer)
        } else if value.segment != 0, !value.deviceID.isEmpty {
            throw .conflict("Only a physical port carries a port in a VLAN: \(value.deviceID.prefix(64)) is none.")
        }
        guard left != nil || place != nil else { return }
        var network = try writer.get(value.network)
        try writer.change(&network)
    }
}

extension NetworkLink {
    /// Those of a network by which its ports are carried on physical ports.
    static func ofPorts(on network: ID<LogicalNetwork>, in reader: any Reader) throws(CloudError) -> Set<NetworkLink> {
        // Most networks have no such port, and many others.
        guard try reader.count(Query(PhysicalPort.kind)) > 0 else { return [] }
        var out: Set<NetworkLink> = []
        for port in try reader.list(Port.self, where: "network_id", .string(network.text)) where port.adminUp {
            if let link = try port.physicalLink(in: reader) { out.insert(link) }
        }
        return out
    }
}
