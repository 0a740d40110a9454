import CloudCore
import Synchronization

/// What was made of something that was read: the resource that a row stands for, and what was written of it. Who
/// remembers what was read voids the memo when a commit changes it.
public final class Memo: Sendable {
    /// Bytes that show a resource, and the memos of all that went into them.
    private struct Writing {
        let variant: String
        let bytes: [UInt8]
        let sources: [Memo]
    }
    private struct State {
        var value: (any Sendable)?
        var writings: [Writing] = []
    }

    /// Forms in which one resource is remembered; each further one takes the place of the oldest.
    private static let mostWritings = 4

    private let state = Mutex(State())
    private let void = Atomic(false)

    public init() {}

    /// Whether what was read has changed since.
    public var isVoid: Bool { void.load(ordering: .acquiring) }

    public func makeVoid() { void.store(true, ordering: .releasing) }

    /// The resource.
    var value: (any Sendable)? {
        get { state.withLock { $0.value } }
        set { state.withLock { $0.value = newValue } }
    }

    /// What was written in a form, if all that it shows is still as it was.
    func writing(_ variant: String) -> [UInt8]? {
        guard !isVoid else { return nil }
        return state.withLock { state in
            guard let found = state.writings.first(where: { $0.variant == variant }),
                found.sources.allSatisfy({ !$0.isVoid })
            else { return nil }
            return found.bytes
        }
    }

    func keep(_ bytes: [UInt8], as variant: String, of sources: [Memo]) {
        state.withLock { state in
            state.writings.removeAll { $0.variant == variant }
            if state.writings.count == Self.mostWritings { state.writings.removeFirst() }
            // Whoever has the writing seldom needs the resource as well.
            state.value = nil
            state.writings.append(Writing(variant: variant, bytes: bytes, sources: sources))
        }
    }
}

/// The memos of what a reader has read, for as long as somebody asks.
public final class Sources {
    private var memos: [Memo] = []
    private var isComplete = true

    public init() {}

    /// Notes one thing that was read; nil for one that nobody remembers.
    public func add(_ memo: Memo?) {
        guard let memo else { return isComplete = false }
        if !memos.contains(where: { $0 === memo }) { memos.append(memo) }
    }

    /// All of them; nil where one is missing.
    public var all: [Memo]? { isComplete ? memos : nil }
}

extension Reader {
    /// A resource as an object, which `write` fills: that of before, where nothing that went into it has changed.
    ///
    /// `variant` must tell apart whatever else they depend on: the form, the caller, the request.
    public func written<R: Resource>(
        _ row: Row, as type: R.Type, _ variant: String,
        _ write: (Stored<R>, inout JSONWriter) throws(CloudError) -> Void
    ) throws(CloudError) -> [UInt8] {
        if let known = row.memo?.writing(variant) { return known }
        let (bytes, sources) = try sourced { () throws(CloudError) in
            var writer = JSONWriter()
            let it = try row.decode(R.self)
            try writer.object { (writer) throws(CloudError) in try write(it, &writer) }
            return writer.bytes
        }
        if let sources { row.memo?.keep(bytes, as: variant, of: sources) }
        return bytes
    }

    /// The same of a resource that was read before.
    public func written<R: Resource>(
        _ it: Stored<R>, _ variant: String, _ write: (Stored<R>, inout JSONWriter) throws(CloudError) -> Void
    ) throws(CloudError) -> [UInt8] {
        guard let row = try row(R.kind, it.id.text) else { throw .missing(R.kind.title, it.id.text) }
        return try written(row, as: R.self, variant, write)
    }

    /// Each as an object, which `write` fills.
    public func written<R: Resource>(
        _ rows: [Row], as type: R.Type, _ variant: String,
        _ write: (Stored<R>, inout JSONWriter) throws(CloudError) -> Void
    ) throws(CloudError) -> [[UInt8]] {
        var out: [[UInt8]] = []
        out.reserveCapacity(rows.count)
        for row in rows { out.append(try written(row, as: R.self, variant, write)) }
        return out
    }

    /// Without a memory there is nothing that could be remembered.
    public func sourced<T>(_ body: () throws(CloudError) -> T) throws(CloudError) -> (value: T, sources: [Memo]?) {
        (try body(), nil)
    }
}
