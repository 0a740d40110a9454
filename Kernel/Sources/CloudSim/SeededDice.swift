import CloudCore
import Synchronization

/// Chance that follows from a seed (SplitMix64).
public final class SeededDice: Dice {
    private let state: Mutex<UInt64>

    public init(_ seed: UInt64) { state = Mutex(seed) }

    public func roll() -> UInt64 {
        state.withLock { state in
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
            return mixed ^ (mixed >> 31)
        }
    }

    /// Whether something happens that does so `perMille` times in a thousand.
    public func chance(_ perMille: Int) -> Bool { perMille > 0 && below(1000) < perMille }

    /// One of some, or nil where there is none.
    public func pick<T>(_ items: [T]) -> T? { items.isEmpty ? nil : items[below(items.count)] }
}
