import CloudCore
import CloudStore
import Synchronization

/// A flow book in memory.
public final class SimFlowBook: FlowBook {
    private struct State {
        var records: [FlowRecord] = []
        var last = 0
    }
    private let state = Mutex(State())
    private let bounds: FlowBounds
    private let clock: any Clock

    public init(clock: any Clock, bounds: FlowBounds = FlowBounds()) { (self.clock, self.bounds) = (clock, bounds) }

    public func append(_ records: [FlowRecord]) async throws(CloudError) {
        let oldest = Instant(microseconds: clock.now().microseconds - bounds.age.inMicroseconds)
        state.withLock { state in
            for var record in records {
                state.last += 1
                record.sequence = state.last
                state.records.append(record)
            }
            var kept: [ProjectID: Int] = [:]
            state.records = state.records.reversed().filter { record in
                kept[record.project, default: 0] += 1
                return record.at >= oldest && kept[record.project]! <= bounds.records
            }.reversed()
        }
    }

    public func list(_ query: FlowQuery) async throws(CloudError) -> [FlowRecord] {
        state.withLock { Array($0.records.reversed().filter(query.permits).prefix(query.limit)) }
    }
}
