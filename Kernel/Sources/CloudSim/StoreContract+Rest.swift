import CloudCore
import CloudStore

extension StoreContract {
    /// The ids that a query finds.
    private static func ids(_ query: Query, _ bench: Bench) async throws(CloudError) -> String {
        try await bench.read { (reader) throws(CloudError) in try reader.rows(query).map(\.id).joined() }
    }

    static let queryCases = [
        Case(description: "a query finds what meets all its conditions, and one of the others") {
            (bench) throws(CloudError) in
            try await bench.furnish(5)  // titles t0 t1 t0 t1 t0, pages 0 2 4 1 3
            func found(_ query: Query) async throws(CloudError) -> String { try await ids(query, bench) }
            let books = Query(Book.kind)
            try bench.expect(try await found(books) == "abcde", "all, in the order of their coming")
            try bench.expect(try await found(books.with("title", "t1")) == "bd", "a value of a column")
            try bench.expect(try await found(books.with("title", "t1").with("pages", 1)) == "d", "both conditions")
            try bench.expect(try await found(books.with("pages", among: [0, 4, 99])) == "ac", "some values")
            try bench.expect(try await found(books.with("pages", among: [])) == "", "no value is nothing")
            try bench.expect(try await found(books.with("id", "c")) == "c", "the id is a column")
            try bench.expect(try await found(books.with("project_id", "p")) == "abcde", "so is the project")
            try bench.expect(try await found(books.with("project_id", "q")) == "", "which tells others apart")
            try bench.expect(try await found(books.with("is_open", false)) == "abcde", "and a flag")
            try bench.expect(try await found(books.with("pages", "1")) == "", "text is no number")
            var either = books
            either.either = [.init("id", among: ["a"]), .init("title", among: ["t1"])]
            try bench.expect(try await found(either) == "abd", "one of the others")
            try bench.expect(try await found(either.with("pages", 0)) == "a", "besides the conditions")
            let count = try await bench.read { (reader) throws(CloudError) in
                try reader.count(Query(Book.kind, limit: 1))
            }
            try bench.expect(count == 5, "a count has no limit")
        },
        Case(description: "a query looks into values, finds what has none, and adds up") { (bench) throws(CloudError) in
            try await bench.furnish(5)  // pages 0 2 4 1 3
            try await bench.write { (writer) throws(CloudError) in
                for (id, tags) in [("a", ["colour": "red"]), ("b", ["colour": "blue"]), ("c", ["red": "colour"])] {
                    var book = try writer.get(ID<Book>(id))
                    book.tags = tags
                    if id == "b" { (book.next, book.readAt) = (ID("s"), writer.now) }
                    try writer.update(&book)
                }
            }
            func found(_ test: Query.Test) async throws(CloudError) -> String {
                var query = Query(Book.kind)
                query.tests = [test]
                return try await ids(query, bench)
            }
            try bench.expect(try await found(.between("pages", 1...3)) == "bde", "numbers within bounds")
            try bench.expect(try await found(.between("pages", 1...3, isInside: false)) == "ac", "and outside of them")
            try bench.expect(try await found(.holds("tags", key: "colour", "red")) == "a", "a text under a key")
            try bench.expect(try await found(.holds("tags", key: "none", "red")) == "", "and under no other")
            let books = Query(Book.kind)
            try bench.expect(try await ids(books.with("next_id", .null), bench) == "acde", "what has no value")
            try bench.expect(try await ids(books.with("read_at", .null), bench) == "acde", "nor a time")
            let (all, some) = try await bench.read { (reader) throws(CloudError) in
                (try reader.sum("pages", books), try reader.sum("pages", books.with("title", "none")))
            }
            try bench.expect(all == 10 && some == 0, "what a column adds up to")
        },
        Case(description: "a query orders, begins behind, and ends at its limit") { (bench) throws(CloudError) in
            try await bench.furnish(5)
            var query = Query(Book.kind)
            query.order = [.init("title", ascending: false), .init("pages")]
            try bench.expect(try await ids(query, bench) == "dbaec", "two keys, one downwards")
            query.order = [.init("title")]
            try bench.expect(try await ids(query, bench) == "acebd", "ties by id")
            query.order = []
            try bench.expect(try await ids(query, bench) == "abcde", "without an order, by id")
            query.order = [.init("created_at", ascending: false)]
            try bench.expect(try await ids(query, bench) == "edcba", "the last first")
            for order in [[Query.Order("title")], [.init("pages", ascending: false)], []] {
                query.order = order
                (query.limit, query.after) = (1000, nil)
                let whole = try await ids(query, bench)
                var pages = ""
                query.limit = 2
                for _ in 0..<4 {
                    let page = try await ids(query, bench)
                    pages += page
                    query.after = page.last.map(String.init) ?? query.after
                }
                try bench.expect(pages == whole, "pages make up the whole list: \(pages), not \(whole)")
            }
        },
        Case(description: "what is being deleted is left out unless asked for") { (bench) throws(CloudError) in
            try await bench.furnish(2)
            try await bench.write { (writer) throws(CloudError) in
                var book = try writer.get(ID<Book>("a"))
                try writer.delete(&book)
            }
            try bench.expect(try await ids(Query(Book.kind), bench) == "b", "left out")
            try bench.expect(try await ids(.everything(Book.kind), bench) == "ab", "unless asked for")
            let (book, signals, count) = try await bench.read { (reader) throws(CloudError) in
                (
                    try reader.get(ID<Book>("a")), try reader.signals(Reference(Book.kind, "a")),
                    try reader.count(Query(Book.kind))
                )
            }
            try bench.expect(book.deletingSince == bench.clock.now() && count == 1, "and when it was asked for is kept")
            try bench.expect(signals.map(\.signal) == [.destroy], "and its lifecycle is told")
        },
    ]

    static let engineCases = [
        Case(description: "signals stay until cleared by number, and go with their resource") {
            (bench) throws(CloudError) in
            try await bench.furnish(2)
            let (a, b) = (Reference(Book.kind, "a"), Reference(Book.kind, "b"))
            try await bench.store.write(nil) { (writer) throws(CloudError) in
                for signal in [Signal.refresh, Signal(rawValue: "odd"), .refresh] { try writer.raise(signal, a) }
                try writer.raise(.destroy, b)
            }
            let seen = try await bench.read { (reader) throws(CloudError) in try reader.signals(a) }
            try bench.expect(
                seen.map(\.signal.rawValue) == ["refresh", "odd", "refresh"], "in their order, each by itself")
            try bench.expect(Set(seen.map(\.number)).count == 3, "each with a number")
            try await bench.store.write(nil) { (writer) throws(CloudError) in
                try writer.raise(.refresh, a)
                try writer.clear(seen)
            }
            let (left, others) = try await bench.read { (reader) throws(CloudError) in
                (try reader.signals(a), try reader.signals(b))
            }
            try bench.expect(left.count == 1 && others.count == 1, "what came in the meantime is not lost")
            try bench.expect(!seen.map(\.number).contains(left[0].number), "numbers are not used again")
            try await bench.write { (writer) throws(CloudError) in
                try writer.remove(a)
                var book = Book()
                book.shelf = ID("s")
                try writer.insert(book, id: ID("a"))
            }
            let fresh = try await bench.read { (reader) throws(CloudError) in try reader.signals(a) }
            try bench.expect(fresh.isEmpty, "signals go with their resource")
        },
        Case(description: "work is due by its time or a signal, unless it is leased; earliest first") {
            (bench) throws(CloudError) in
            try await bench.furnish(3)
            func due() async throws(CloudError) -> String {
                try await bench.read { (reader) throws(CloudError) in
                    try reader.dueWork(limit: 10).map(\.target.id).joined()
                }
            }
            try bench.expect(try await due() == "abc", "what is new is due, in the order of its coming")
            let first = try await bench.read { (reader) throws(CloudError) in
                (try reader.work(Reference(Book.kind, "a")), try reader.work(Reference(Shelf.kind, "s")))
            }
            try bench.expect(first.0?.label == "open" && first.1 == nil, "at the first label, where there are labels")
            try await bench.store.write(nil) { (writer) throws(CloudError) in
                for (id, wake, lease) in [("a", 100, 0), ("b", 50, 0), ("c", 0, 70)] {
                    var work = Work(
                        target: Reference(Book.kind, id), label: "shut", wakeAt: writer.now + .seconds(wake))
                    (work.attempts, work.lessee) = (3, "engine")
                    work.leasedUntil = writer.now + .seconds(lease)
                    try writer.put(work)
                }
            }
            let began = bench.clock.now()
            try bench.expect(try await due() == "", "nothing is due")
            let (next, work) = try await bench.read { (reader) throws(CloudError) in
                (try reader.nextWork(), try reader.work(Reference(Book.kind, "c")))
            }
            try bench.expect(next == began + .seconds(50), "the next is known")
            try bench.expect(
                work?.label == "shut" && work?.attempts == 3 && work?.lessee == "engine"
                    && work?.leasedUntil == began + .seconds(70), "work is kept whole")
            try await bench.store.write(nil) { (writer) throws(CloudError) in
                try writer.raise(.refresh, Reference(Book.kind, "a"))
                try writer.raise(.refresh, Reference(Book.kind, "c"))
            }
            try bench.expect(try await due() == "a", "a signal makes it due, and a lease keeps it")
            bench.clock.advance(.seconds(50))
            try bench.expect(try await due() == "ba", "earliest first")
            bench.clock.advance(.seconds(20))
            try bench.expect(try await due() == "cba", "a lease ends")
            let one = try await bench.read { (reader) throws(CloudError) in try reader.dueWork(limit: 1).count }
            try bench.expect(one == 1, "within the limit")
            try await bench.write { (writer) throws(CloudError) in
                for id in ["a", "b", "c"] { try writer.remove(Reference(Book.kind, id)) }
            }
            let none = try await bench.read { (reader) throws(CloudError) in
                (try reader.nextWork(), try reader.work(Reference(Book.kind, "a")))
            }
            try bench.expect(none.0 == nil && none.1 == nil, "work goes with its resource")
        },
    ]

    static let auditCases = [
        Case(description: "the audit log is whole, in order and without gaps (C120)") { (bench) throws(CloudError) in
            var caller = Caller.system("req-1")
            (caller.user, caller.userName, caller.domain) = (ID("u"), "Ü", "d")
            (caller.project, caller.projectName, caller.roles) = (ID("p"), "blue", ["member", "reader"])
            (caller.token, caller.address) = ("t", "192.0.2.1")
            var record = AuditRecord(caller, service: "s", action: "a", kind: "k", resource: "r")
            (record.outcome, record.reason) = (.refused, "because")
            let written = record
            try await bench.store.write(written) { (_) throws(CloudError) in }
            bench.clock.advance(.seconds(1))
            try await bench.store.write(Bench.record) { (writer) throws(CloudError) in
                writer.record?.action = "made precise"
                try writer.append(written)
            }
            try? await bench.write { (_) throws(CloudError) in throw .invalid("undone") }
            try await bench.store.write(nil) { (writer) throws(CloudError) in
                for _ in 0..<3 { try writer.append(written) }
            }
            let all = try await bench.read { (reader) throws(CloudError) in
                try reader.audit(after: 0, project: nil, limit: 100)
            }
            try bench.expect(all.map(\.sequence) == [1, 2, 3, 4, 5, 6], "sequences run from 1 without gaps")
            var first = all[0]
            (first.sequence, first.at) = (0, written.at)
            // What the log does not show need not be kept.
            (first.caller.domain, first.caller.projectName) = (caller.domain, caller.projectName)
            try bench.expect(first == written, "a record is kept whole: \(first)")
            try bench.expect(all[0].at < all[1].at && all[5].at == bench.clock.now(), "with its time")
            try bench.expect(all[1...2].contains { $0.action == "made precise" }, "as the transaction left it")
            let (mine, page) = try await bench.read { (reader) throws(CloudError) in
                (
                    try reader.audit(after: 1, project: ID("p"), limit: 2),
                    try reader.audit(after: 4, project: nil, limit: 1)
                )
            }
            try bench.expect(
                mine.count == 2 && mine.allSatisfy { $0.caller.project == ID("p") && $0.sequence > 1 }, "one project's")
            try bench.expect(page.map(\.sequence) == [5], "a page of it")
        }
    ]
}
