import CloudCore
import CloudNetwork

/// A guest's device on the host.
enum Plug {
    /// What the names of all guests' devices begin with, and no other device's in the namespace.
    static let prefix = "t"

    /// The device of a port: `t` and as much of the id as fits into the 15 bytes that Linux allows.
    static func device(of port: ID<Port>) -> String { prefix + port.text.filter { $0 != "-" }.prefix(14) }
}
