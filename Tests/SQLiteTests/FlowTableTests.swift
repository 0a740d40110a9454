import CloudCore
import CloudHost
import CloudSQLite
import CloudSim
import CloudStore
import Foundation
import Testing

@Suite("Flow records are kept in bounds")
struct FlowTableTests {
    private static func record(
        _ project: String, _ port: String, _ clock: SimClock, _ verdict: FlowRecord.Verdict = .drop
    )
        -> FlowRecord
    {
        FlowRecord(
            at: clock.now(), project: ID(project), network: "n", port: port, verdict: verdict,
            packet: ["protocol": "tcp", "destination_port": 22])
    }

    /// The table and its twin in memory.
    private static func with(_ bounds: FlowBounds, _ body: (any FlowBook, SimClock) async throws -> Void) async throws {
        let clock = SimClock()
        try await body(SimFlowBook(clock: clock, bounds: bounds), clock)
        let path = NSTemporaryDirectory() + "akashi-flows-\(UUID().uuidString).sqlite"
        defer { for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + end) } }
        try await body(FlowTable(path, clock: clock, bounds: bounds), clock)
        #expect(try await FlowTable(path, clock: clock, bounds: bounds).list(FlowQuery(project: nil)).isEmpty == false)
    }

    @Test func filtersNewestFirst() async throws {
        try await Self.with(FlowBounds()) { book, clock in
            for place in 0..<6 {
                try await book.append([
                    Self.record(place % 2 == 0 ? "a" : "b", "p\(place % 3)", clock, place < 3 ? .drop : .accept)
                ])
                clock.advance(.seconds(10))
            }
            func list(_ change: (inout FlowQuery) -> Void) async throws -> [Int] {
                var query = FlowQuery(project: nil)
                change(&query)
                return try await book.list(query).map(\.sequence)
            }
            #expect(try await list { _ in } == [6, 5, 4, 3, 2, 1])
            #expect(try await list { $0.project = ID("a") } == [5, 3, 1])
            #expect(try await list { $0.port = "p1" } == [5, 2])
            #expect(try await list { $0.network = "m" } == [])
            #expect(try await list { $0.verdict = .accept } == [6, 5, 4])
            #expect(try await list { $0.before = 4 } == [3, 2, 1])
            #expect(try await list { $0.limit = 2 } == [6, 5])
            let since = Instant(microseconds: clock.now().microseconds - 25_000_000)
            #expect(try await list { $0.since = since } == [6, 5])
            let last = try await book.list(FlowQuery(project: nil, limit: 1))[0]
            #expect(last.packet == ["protocol": "tcp", "destination_port": 22] && last.verdict == .accept)
        }
    }

    @Test func theOldestOfAProjectGoFirstAndNobodyElses() async throws {
        var bounds = FlowBounds()
        (bounds.records, bounds.age) = (10, .seconds(100))
        try await Self.with(bounds) { book, clock in
            try await book.append([Self.record("quiet", "p", clock)])
            for _ in 0..<5 { try await book.append((0..<7).map { _ in Self.record("flood", "p", clock) }) }
            let left = try await book.list(FlowQuery(project: nil, limit: 1000))
            #expect(left.filter { $0.project == ID("flood") }.map(\.sequence) == Array((27...36).reversed()))
            #expect(left.filter { $0.project == ID("quiet") }.count == 1)
            clock.advance(.seconds(101))
            try await book.append([Self.record("late", "p", clock)])
            #expect(try await book.list(FlowQuery(project: nil)).map(\.project.text) == ["late"])
        }
    }
}
