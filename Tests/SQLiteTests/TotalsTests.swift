import CloudCompute
import CloudCore
import CloudHost
import CloudSQLite
import CloudServices
import CloudStore
import GRDB
import Testing

@Suite("The totals that SQLite's store keeps")
struct TotalsTests {
    private let scratch: Scratch
    private let store: SQLiteStore

    init() throws {
        scratch = try Scratch()
        store = try SQLiteStore(scratch.file, Cloud.schemas, clock: SystemClock())
    }

    private func write(_ body: @escaping @Sendable (any Writer) throws(CloudError) -> Void) async throws {
        try await store.write(AuditRecord(.system("test"), service: "test", action: "write"), body)
    }

    @Test("are what counting and adding up would give, whatever came, changed, was doomed and went")
    func totals() async throws {
        try await write { (writer) throws(CloudError) in
            var flavor = Flavor()
            flavor.name = "f"
            try writer.insert(flavor, id: ID("f"))
        }
        var dice = SystemRandomNumberGenerator()
        var there: [String] = []
        for number in 0..<300 {
            let (project, host) = ("p\(Int.random(in: 0..<3, using: &dice))", "h\(Int.random(in: 0..<3, using: &dice))")
            let (vcpus, act) = (Int.random(in: 1...8, using: &dice), Int.random(in: 0..<4, using: &dice))
            if act == 0 || there.count < 5 {
                there.append("s\(number)")
                try await write { (writer) throws(CloudError) in
                    var server = Server()
                    (server.name, server.uid, server.host, server.flavor) = ("s", number, host, ID("f"))
                    (server.vcpus, server.memory) = (vcpus, 128)
                    try writer.insert(server, id: ID("s\(number)"), project: ID(project))
                }
                continue
            }
            let place = Int.random(in: there.indices, using: &dice)
            let id = ID<Server>(there[place])
            if act == 1 { there.remove(at: place) }
            try await write { (writer) throws(CloudError) in
                var it = try writer.get(id)
                switch act {
                case 1: return try writer.remove(Reference(id))
                case 2: it.deletingSince = writer.now
                default: (it.host, it.vcpus, it.memory) = (host, vcpus, 64)
                }
                try writer.update(&it)
            }
        }
        try await agree(there.count)
        for id in there {
            try await write { (writer) throws(CloudError) in try writer.remove(Reference(ID<Server>(id))) }
        }
        try await agree(0)
        let left = try await DatabaseQueue(path: scratch.file).read { db in
            try Int.fetchOne(db, sql: "SELECT count(*) FROM totals WHERE kind = 'server'")
        }
        #expect(left == 0)
    }

    /// Each total against the rows themselves.
    private func agree(_ expected: Int) async throws {
        let everything = Query.everything(Server.kind)
        let schema = Cloud.schemas[Server.kind]
        try await store.read { (reader) throws(CloudError) in
            let all = try reader.rows(everything)
            #expect(all.count == expected)
            for name in ["p0", "p1", "p2", "h0", "h1", "h2", "none"] {
                let isHost = name.hasPrefix("h")
                let column = isHost ? "host" : "project_id"
                let mine = all.filter { $0.value(column, schema) == .string(name) }
                let query = everything.with(column, .string(name))
                #expect(try reader.count(query) == mine.count)
                var living = query
                living.includesDeleting = false
                #expect(try reader.count(living) == mine.count { $0.deletingSince == nil })
                for sum in isHost ? ["kept_vcpus", "kept_memory"] : ["vcpus", "memory"] {
                    #expect(
                        try reader.sum(sum, query) == mine.reduce(0) { $0 + ($1.value(sum, schema)?.integer ?? 0) })
                }
            }
        }
    }
}
