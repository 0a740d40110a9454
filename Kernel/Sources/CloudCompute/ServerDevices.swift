import CloudCore
import CloudStore

/// Servers, as networking knows them: things that have cards.
public struct ServerDevices: Devices {
    public init() {}

    /// Cards that one server may have.
    static let most = 8

    public func addCard(
        to device: String, of project: ProjectID, beside count: Int, for caller: Caller, dice: any Dice,
        in writer: any Writer, _ make: (_ mark: String) throws(CloudError) -> Void
    ) throws(CloudError) {
        var it = try writer.own(ID<Server>(device), for: caller)
        guard it.project == project else { throw .missing(Server.kind.title, device) }
        try it.rewire("attach_interface", for: caller, dice, in: writer) { (it) throws(CloudError) in
            guard count < Self.most else {
                throw CloudError(.overQuota, "A server has at most \(Self.most) network cards.")
            }
            try make("compute:" + it.zone)
        }
    }

    public func removeCard(
        _ port: String, from device: String, for caller: Caller, dice: any Dice, in writer: any Writer
    ) throws(CloudError) {
        var it = try writer.own(ID<Server>(device), for: caller)
        try it.rewire("detach_interface", for: caller, dice, in: writer) { (it) throws(CloudError) in
            if !it.detaching.contains(port) { it.detaching.append(port) }
        }
    }

    public func expelCard(
        _ port: String, from device: String, dice: any Dice, in writer: any Writer
    ) throws(CloudError) {
        guard var it = try writer.find(ID<Server>(device)), it.deletingSince == nil, !it.host.isEmpty,
            !it.detaching.contains(port),
            // What is being made anew, or sleeps with its cards in its memory, lets go when that is over.
            [.active, .paused, .shutoff, .verifyResize, .error].contains(it.status)
        else { return }
        it.detaching.append(port)
        try InstanceAction.begin("detach_interface", it, by: .system("engine"), dice, in: writer)
        try writer.change(&it)
        try writer.raise(.cards, Reference(it.id))
    }

    public func isRunning(_ device: String, in reader: any Reader) throws(CloudError) -> Bool {
        guard let it = try reader.find(ID<Server>(device)) else { return false }
        switch it.status {
        case .active, .paused, .reboot: return true
        case .build, .shutoff, .suspended, .error: return false
        case .resize, .verifyResize, .revertResize, .rebuild: return it.power != .off && !it.isHalted
        }
    }
}

extension Stored where R == Server {
    /// Changes which cards it is to have, where its owner may and its state allows it, and has the engine look.
    mutating func rewire(
        _ action: String, for caller: Caller, _ dice: any Dice, in writer: any Writer,
        _ body: (inout Stored<Server>) throws(CloudError) -> Void
    ) throws(CloudError) {
        try replug(action, .cards, for: caller, dice, in: writer, body)
    }

    /// Changes what it is to have of what can be plugged in, and has the engine look.
    mutating func replug(
        _ action: String, _ signal: Signal, for caller: Caller, _ dice: any Dice, in writer: any Writer,
        _ body: (inout Stored<Server>) throws(CloudError) -> Void
    ) throws(CloudError) {
        try requireUnlocked(for: caller)
        guard [.active, .paused, .shutoff].contains(value.status) else {
            throw .conflict("Cannot '\(action)' instance \(id) while it is in vm_state \(Server.vmState(self)).")
        }
        try body(&self)
        try InstanceAction.begin(action, self, by: caller, dice, in: writer)
        try writer.change(&self)
        try writer.raise(signal, Reference(id))
    }
}
