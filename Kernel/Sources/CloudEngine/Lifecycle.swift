import CloudCore
import CloudStore

/// Where a lifecycle goes after a step.
public enum Next<Label: Sendable>: Sendable {
    /// On to a label, at once.
    case hop(Label)
    /// Stay until a signal comes, or it is time to look again (`resync`).
    case rest
    /// Stay, and look again after a while or at a signal.
    case nap(Duration)
    /// It has been removed below: forget it.
    case gone
}

/// A resource that the engine moves from what is observed towards what is desired, one stored label at a time.
///
/// A step reads state and makes effects that may be repeated without harm; then one commit writes what it observed
/// and where it goes. So it does not matter at which point the machine stops.
public protocol Lifecycle: Resource {
    /// The first one is where a new resource begins.
    associatedtype Label: RawRepresentable<String> & CaseIterable & Hashable & Sendable
    /// The ports that its steps act through.
    associatedtype World: Sendable

    static func step(_ label: Label, _ turn: inout Turn<Self>, in world: World) async throws(CloudError) -> Next<Label>
    /// What follows when a step cannot succeed, or has failed `patience` times in a row.
    static func failed(_ label: Label, _ turn: inout Turn<Self>, _ error: CloudError) -> Next<Label>
    /// How long a step may take.
    static func deadline(_ label: Label) -> Duration
    /// How often it looks even if nothing called it.
    static var resync: Duration { get }
    /// How many failures in a row are borne before `failed` decides.
    static var patience: Int { get }
}

extension Lifecycle {
    public static func deadline(_ label: Label) -> Duration { .seconds(60) }
    public static var resync: Duration { .seconds(300) }
    public static var patience: Int { 8 }
}

/// One turn of a lifecycle: what it sees, and what its commit will write.
public struct Turn<R: Resource>: Sendable {
    /// The resource; steps change only what is observed.
    public var it: Stored<R>
    /// What was raised since the last turn. A turn that rests or naps has dealt with all of them; on a hop, those
    /// not taken out stay for the next.
    public var signals: Set<Signal>
    /// For looking at other resources.
    public let store: any Store
    public let now: Instant
    public let dice: any Dice
    public let clock: any Clock
    /// Further writes of the same commit.
    public private(set) var writes: [@Sendable (any Writer) throws(CloudError) -> Void] = []

    /// Whether the tenant has asked for its deletion.
    public var isDoomed: Bool { it.deletingSince != nil }

    /// Adds a write to this turn's commit.
    public mutating func also(_ write: @escaping @Sendable (any Writer) throws(CloudError) -> Void) {
        writes.append(write)
    }

    init(_ it: Stored<R>, signals: Set<Signal>, store: any Store, clock: any Clock, dice: any Dice) {
        (self.it, self.signals, self.store, self.dice) = (it, signals, store, dice)
        (self.clock, now) = (clock, clock.now())
    }
}
