import CloudCompute
import CloudCore
import CloudHost
import CloudSQLite
import CloudServices
import CloudStore
import Synchronization
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

    @Test("remembers what was written of a resource until that, or another that it shows, changes")
    func writings() async throws {
        try await write(16, isNew: true)
        let asked = Mutex(0)
        func shown() async throws -> String {
            try await store.read { (reader) throws(CloudError) in
                let all = try reader.rows(Query(Flavor.kind))
                return String(
                    decoding: try reader.written(all[0], as: Flavor.self, "x") { it, writer throws(CloudError) in
                        asked.withLock { $0 += 1 }
                        writer.field("ram", .integer(it.value.ram))
                        writer.field("groups", .integer(try reader.count(Query(ServerGroup.kind))))
                    }, as: UTF8.self)
            }
        }
        for _ in 0..<3 { #expect(try await shown() == #"{"ram":16,"groups":0}"#) }
        #expect(asked.withLock { $0 } <= 2)
        try await write(17)
        #expect(try await shown() == #"{"ram":17,"groups":0}"#)
        try await store.write(AuditRecord(.system("test"), service: "test", action: "write")) {
            (writer) throws(CloudError) in
            var group = ServerGroup()
            group.name = "g"
            try writer.insert(group, id: ID("g"))
        }
        #expect(try await shown() == #"{"ram":17,"groups":1}"#)
    }

    @Test("is not filled by who reads without remembering, who sees the same")
    func withoutRemembering() async throws {
        try await write(16, isNew: true)
        let forgetful = store.withoutRemembering
        func row(_ store: any Store) async throws -> Row? {
            try await store.read { (reader) throws(CloudError) in try reader.row(Flavor.kind, "a") }
        }
        #expect(try await row(forgetful)?.memo == nil)
        #expect(try await row(forgetful)?.memo == nil)
        let remembered = try await row(store)
        #expect(remembered?.memo != nil)
        #expect(try await row(forgetful) == remembered)
        try await write(17)
        #expect(try await row(forgetful)?.version == 2)
    }
}
