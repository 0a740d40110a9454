import CloudCompute
import CloudCore
import CloudSQLite
import CloudServices
import CloudStore
import Testing

@Suite("What SQLite's store remembers")
struct ReadCacheTests {
    private let scratch: Scratch
    private let store: SQLiteStore

    init() throws {
        scratch = try Scratch()
        store = try SQLiteStore(scratch.file, Cloud.schemas, clock: SystemClock())
    }

    private func write(_ ram: Int, isNew: Bool = false) async throws {
        try await store.write(AuditRecord(.system("test"), service: "test", action: "write")) {
            (writer) throws(CloudError) in
            guard !isNew else {
                var flavor = Flavor()
                (flavor.name, flavor.ram) = ("a", ram)
                try writer.insert(flavor, id: ID("a"))
                return
            }
            var it = try writer.get(ID<Flavor>("a"))
            it.ram = ram
            try writer.update(&it)
        }
    }

    private func seen() async throws -> (one: Int?, list: [Int], count: Int) {
        try await store.read { (reader) throws(CloudError) in
            (
                try reader.find(ID<Flavor>("a"))?.ram, try reader.list(Flavor.self, Query(Flavor.kind)).map(\.ram),
                try reader.count(Query(Flavor.kind))
            )
        }
    }

    @Test("is never older than a write that was answered, also of what was missing before")
    func readsYourWrites() async throws {
        #expect(try await seen() == (nil, [], 0))
        try await write(16, isNew: true)
        for ram in 17...60 {
            #expect(try await seen() == (ram - 1, [ram - 1], 1))
            try await write(ram)
        }
    }

    @Test("never goes back, however many read while one writes")
    func monotonous() async throws {
        try await write(16, isNew: true)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    var last = 0
                    while last < 400 {
                        let (one, list, _) = try await seen()
                        #expect(one! >= last && list[0] >= last)
                        last = max(one!, list[0])
                        await Task.yield()
                    }
                }
            }
            group.addTask { for ram in 17...400 { try await write(ram) } }
            try await group.waitForAll()
        }
    }

    @Test("holds nothing of a transaction that failed")
    func rollback() async throws {
        try await write(16, isNew: true)
        await #expect(throws: CloudError.self) {
            try await store.write(AuditRecord(.system("test"), service: "test", action: "write")) {
                (writer) throws(CloudError) in
                var it = try writer.get(ID<Flavor>("a"))
                it.ram = 32
                try writer.update(&it)
                _ = try writer.get(ID<Flavor>("a"))
                throw .conflict("not today")
            }
        }
        #expect(try await seen() == (16, [16], 1))
    }
}
