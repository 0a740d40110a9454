import CloudCore
import CloudStore
import Synchronization

extension StoreContract {
    static let rowCases = [
        Case(description: "what is inserted is found again, every type of value whole") { (bench) throws(CloudError) in
            try await bench.furnish(0)
            let odd = "naïve ‘quotes’ ; -- \u{1F4D6} \t line"
            try await bench.write { (writer) throws(CloudError) in
                var book = Book()
                (book.title, book.shelf, book.next, book.pages) = (odd, ID("s"), ID("s"), Int.max)
                (book.isOpen, book.tags, book.readAt, book.mark) = (
                    true, ["a\"b": "ü\\"], Instant(microseconds: -1), .some
                )
                try writer.insert(book, id: ID("x"), project: ID("p"))
            }
            let found = try await bench.read { (reader) throws(CloudError) in try reader.get(ID<Book>("x")) }
            try bench.expect(
                found.title == odd && found.next == ID("s") && found.pages == .max && found.isOpen
                    && found.value.tags == ["a\"b": "ü\\"] && found.readAt == Instant(microseconds: -1)
                    && found.mark == .some,
                "values come back as they were")
            try bench.expect(
                found.project == ID("p") && found.version == 1 && found.deletingSince == nil
                    && found.createdAt == bench.clock.now() && found.updatedAt == found.createdAt,
                "so do the common ones")
        },
        Case(description: "an id is taken once") { (bench) throws(CloudError) in
            try await bench.furnish(1)
            try await bench.refuse(.conflict, "a second insert") { (writer) throws(CloudError) in
                var book = Book()
                book.shelf = ID("s")
                try writer.insert(book, id: ID("a"))
            }
        },
        Case(description: "an update must have seen the latest version") { (bench) throws(CloudError) in
            try await bench.furnish(1)
            let seen = try await bench.read { (reader) throws(CloudError) in try reader.get(ID<Book>("a")) }
            bench.clock.advance(.seconds(5))
            try await bench.write { (writer) throws(CloudError) in
                var book = seen
                book.pages = 9
                try writer.update(&book)
            }
            try await bench.refuse(.stale, "an update of what was changed since") { (writer) throws(CloudError) in
                var book = seen
                try writer.update(&book)
            }
            try await bench.refuse(.missing, "an update of nothing") { (writer) throws(CloudError) in
                var shelf = Stored(
                    id: ID<Shelf>("none"), project: ID(""), createdAt: writer.now, updatedAt: writer.now, version: 1,
                    deletingSince: nil, value: Shelf())
                try writer.update(&shelf)
            }
            let now = try await bench.read { (reader) throws(CloudError) in try reader.get(ID<Book>("a")) }
            try bench.expect(
                now.pages == 9 && now.version == 2 && now.createdAt == seen.createdAt
                    && now.updatedAt == bench.clock.now(), "the update is kept, and when it was made")
        },
        Case(description: "a unique value is had once, and free again when it is let go") {
            (bench) throws(CloudError) in
            try await bench.furnish(0)
            let insert: @Sendable (any Writer, String, String) throws(CloudError) -> Void = {
                (writer, id, name) throws(CloudError) in
                var shelf = Shelf()
                shelf.name = name
                try writer.insert(shelf, id: ID(id))
            }
            try await bench.refuse(.conflict, "a name twice") { (writer) throws(CloudError) in
                try insert(writer, "t", "top")
            }
            try await bench.write { (writer) throws(CloudError) in
                try insert(writer, "t", "low")
                var top = try writer.get(ID<Shelf>("s"))
                top.name = "high"
                try writer.update(&top)
            }
            try await bench.refuse(.conflict, "a name taken by an update") { (writer) throws(CloudError) in
                var top = try writer.get(ID<Shelf>("s"))
                top.name = "low"
                try writer.update(&top)
            }
            try await bench.write { (writer) throws(CloudError) in
                try insert(writer, "u", "top")
                try writer.remove(Reference(Shelf.kind, "t"))
                try insert(writer, "v", "low")
            }
        },
        Case(description: "what is referred to must be there, and stays while it is") { (bench) throws(CloudError) in
            try await bench.furnish(1)
            try await bench.refuse(.missing, "a reference to nothing") { (writer) throws(CloudError) in
                var book = Book()
                book.shelf = ID("nowhere")
                try writer.insert(book, id: ID("x"))
            }
            try await bench.refuse(.conflict, "removing what is in use") { (writer) throws(CloudError) in
                try writer.remove(Reference(Shelf.kind, "s"))
            }
            try await bench.refuse(.conflict, "deleting what is in use") { (writer) throws(CloudError) in
                var shelf = try writer.get(ID<Shelf>("s"))
                try writer.delete(&shelf)
            }
            try await bench.refuse(.missing, "removing nothing") { (writer) throws(CloudError) in
                try writer.remove(Reference(Shelf.kind, "none"))
            }
            try await bench.write { (writer) throws(CloudError) in
                try writer.remove(Reference(Book.kind, "a"))
                try writer.remove(Reference(Shelf.kind, "s"))
            }
            let left = try await bench.read { (reader) throws(CloudError) in try reader.row(Shelf.kind, "s") }
            try bench.expect(left == nil, "what is removed is gone")
        },
        Case(description: "a claim has one owner, and ends with its owner") { (bench) throws(CloudError) in
            try await bench.furnish(2)
            let (a, b) = (Reference(Book.kind, "a"), Reference(Book.kind, "b"))
            try await bench.write { (writer) throws(CloudError) in
                try writer.claim("space", "1", for: a)
                try writer.claim("space", "1", for: a)
                try writer.claim("space", "2", for: b)
                try writer.claim("other", "1", for: b)
            }
            try await bench.refuse(.conflict, "a claim of another's") { (writer) throws(CloudError) in
                try writer.claim("space", "1", for: b)
            }
            try await bench.write { (writer) throws(CloudError) in
                try writer.release("space", "2")
                try writer.release("space", "never")
                try writer.claim("space", "2", for: a)
                try writer.claim("space", "3", for: b)
                try writer.remove(a)
            }
            let (space, other) = try await bench.read { (reader) throws(CloudError) in
                (try reader.claims("space"), try reader.claims("other"))
            }
            try bench.expect(space == ["3"] && other == ["1"], "claims are their owners', and go with them")
        },
        Case(description: "a transaction sees its own writes, and all of it happens or none") {
            (bench) throws(CloudError) in
            try await bench.furnish(2)
            try await bench.refuse(.invalid, "an error at the end") { (writer) throws(CloudError) in
                var book = try writer.get(ID<Book>("a"))
                book.pages = 77
                try writer.change(&book)
                try writer.claim("space", "9", for: Reference(book.id))
                try writer.clear(try writer.signals(Reference(Book.kind, "b")))
                try writer.append(Bench.record)
                guard try writer.get(ID<Book>("a")).pages == 77, try writer.claims("space") == ["9"],
                    try writer.rows(Query(Book.kind).with("pages", 77)).count == 1,
                    try writer.signals(Reference(book.id)).count == 1
                else { throw .fault("a transaction does not see its own writes") }
                throw .invalid("undo")
            }
        },
        Case(description: "a resource is not changed without an audit record") { (bench) throws(CloudError) in
            try await bench.furnish(1)
            for way in 0..<3 {
                let before = try await bench.image()
                var code: CloudError.Code?
                do throws(CloudError) {
                    try await bench.store.write(nil) { (writer) throws(CloudError) in
                        var book = try writer.get(ID<Book>("a"))
                        switch way {
                        case 0: try writer.insert(Shelf(), id: ID("z"))
                        case 1: try writer.update(&book)
                        default: try writer.remove(Reference(book.id))
                        }
                    }
                } catch { code = error.code }
                try bench.expect(code == .fault, "changing without a record is a fault")
                try bench.expect(before == (try await bench.image()), "and changes nothing")
            }
        },
        Case(description: "who observes is told of each commit before its caller goes on") {
            (bench) throws(CloudError) in
            let seen = Mutex<[(Set<Reference>, Int)]>([])
            bench.store.observe { changed, reader in
                let count = (try? reader.count(.everything(Book.kind))) ?? -1
                seen.withLock { $0.append((changed, count)) }
            }
            try await bench.furnish(2)
            try bench.expect(
                seen.withLock { $0.map(\.1) } == [0, 1, 2], "each call has a view that holds the commit")
            try bench.expect(
                seen.withLock { $0.last?.0.contains(Reference(Book.kind, "b")) } ?? false, "and names what changed")
            try? await bench.refuse(.invalid, "nothing") { (_) throws(CloudError) in throw .invalid("no") }
            try bench.expect(seen.withLock { $0.count } == 3, "an undone transaction is not told of")
            try await bench.store.write(nil) { (writer) throws(CloudError) in
                try writer.raise(.refresh, Reference(Book.kind, "a"))
            }
            try bench.expect(
                seen.withLock { $0.last?.0.contains(Reference(Book.kind, "a")) } ?? false, "a signal is told of")
        },
    ]
}
