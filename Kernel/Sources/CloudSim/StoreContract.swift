import CloudCore
import CloudStore
import Synchronization

/// What every store must do, as a suite that runs on any: in memory, SQLite, PostgreSQL.
///
/// Each case gets a store of its own. A case that fails throws `fault`, saying what was expected.
public struct StoreContract: Sendable {
    /// Makes an empty store for these types.
    public typealias Factory = @Sendable (Schemas, any Clock) async throws(CloudError) -> any Store

    /// One thing that a store must do.
    public struct Case: Sendable, CustomStringConvertible {
        /// What it does, as a sentence.
        public let description: String
        let body: @Sendable (Bench) async throws(CloudError) -> Void
    }

    private let factory: Factory

    public init(_ factory: @escaping Factory) { self.factory = factory }

    /// Runs one case; throws what was wrong.
    public func run(_ one: Case) async throws(CloudError) {
        let clock = SimClock()
        let schemas = Schemas([Schema(Shelf.self), Schema(Book.self, labels: ["open", "shut"])])
        try await one.body(Bench(store: try await factory(schemas, clock), clock: clock))
    }

    /// Every case.
    public static let cases = rowCases + queryCases + engineCases + auditCases
}

/// A type of resource that exists for this suite: what others refer to.
struct Shelf: Resource {
    var name = ""
    static let kind = Kind("shelf", "shelves", service: "contract")
    static let access = Access.system
    static let fields: [Field<Shelf>] = [.text("name", \.name, [.read, .create, .update, .unique], "Its name.")]
}

/// A type of resource that exists for this suite: every type of field, and a lifecycle's labels.
struct Book: Resource {
    var title = "", shelf = ID<Shelf>(""), next: ID<Shelf>?, pages = 0, isOpen = false
    var tags: [String: String] = [:], readAt: Instant?, mark = Mark.none
    enum Mark: String, CaseIterable, Sendable { case none, some }
    static let kind = Kind("book", "books", service: "contract")
    static let access = Access.project
    static let fields: [Field<Book>] = [
        .text("title", \.title, [.read, .create, .update, .indexed], lines: true, "Its title."),
        .reference("shelf_id", \.shelf, [.read, .create, .indexed], "Where it stands."),
        .reference("next_id", \.next, [.read, .create, .update], "Where it goes."),
        .integer("pages", \.pages, [.read, .create, .update, .indexed], 0...Int.max, "How long it is."),
        .boolean("is_open", \.isOpen, [.read, .update], "Whether somebody reads it."),
        .value("tags", \.tags, [.read, .update], max: 4096, "Names and values."),
        .time("read_at", \.readAt, [.read, .update], "When somebody did."),
        .choice("mark", \.mark, [.read, .update], "Whether it is marked."),
    ]
}

/// A case's store, and short words for what most cases do.
struct Bench: Sendable {
    let store: any Store
    let clock: SimClock

    static let record = AuditRecord(.system("contract"), service: "contract", action: "try")

    func write<T: Sendable>(_ body: @escaping @Sendable (any Writer) throws(CloudError) -> T) async throws(CloudError)
        -> T
    {
        try await store.write(Self.record, body)
    }
    func read<T: Sendable>(_ body: @escaping @Sendable (any Reader) throws(CloudError) -> T) async throws(CloudError)
        -> T
    {
        try await store.read(body)
    }
    /// Expects a write to be refused in this way, and to have changed nothing.
    func refuse(
        _ code: CloudError.Code, _ what: String, _ body: @escaping @Sendable (any Writer) throws(CloudError) -> Void
    ) async throws(CloudError) {
        let before = try await image()
        do throws(CloudError) { try await write(body) } catch {
            try expect(error.code == code, "\(what): \(code.rawValue), not \(error)")
            return try expect(before == (try await image()), "\(what): a refused write changes nothing")
        }
        throw .fault("\(what): expected \(code.rawValue), and it was done")
    }
    /// All that is kept, for comparing.
    func image() async throws(CloudError) -> [String] {
        try await read { (reader) throws(CloudError) in
            var lines: [String] = []
            for kind in [Shelf.kind, Book.kind] {
                for var row in try reader.rows(.everything(kind)) {
                    // Whether a row was read before is no part of it.
                    row.memo = nil
                    let target = Reference(kind, row.id)
                    lines.append("\(row) \(try reader.signals(target)) \(String(describing: try reader.work(target)))")
                }
            }
            return lines + (try reader.claims("space").sorted()) + [
                "\(try reader.audit(after: 0, project: nil, limit: 1000))"
            ]
        }
    }
    func expect(_ holds: Bool, _ what: String) throws(CloudError) {
        guard holds else { throw .fault("the store breaks its contract: " + what) }
    }
    /// A shelf and some books on it, a second apart: a, b, c, …
    func furnish(_ count: Int = 3, project: String = "p") async throws(CloudError) {
        try await write { (writer) throws(CloudError) in
            var shelf = Shelf()
            shelf.name = "top"
            try writer.insert(shelf, id: ID("s"))
        }
        for number in 0..<count {
            clock.advance(.seconds(1))
            try await write { (writer) throws(CloudError) in
                var book = Book()
                (book.title, book.shelf, book.pages) = ("t\(number % 2)", ID("s"), (number * 7) % 5)
                try writer.insert(book, id: ID(Self.name(number)), project: ID(project))
            }
        }
    }
    static func name(_ number: Int) -> String { String(Character(Unicode.Scalar(UInt8(97 + number)))) }
}
