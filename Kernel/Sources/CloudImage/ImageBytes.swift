import CloudCore

/// A file that is judged. Nothing of it is believed: whoever wants bytes that it has not got refuses it.
public struct ImageBytes: Sendable {
    /// Bytes.
    public let length: Int
    private let read: @Sendable (_ place: Int, _ count: Int) async throws(CloudError) -> [UInt8]

    /// - Parameter read: so many bytes from a place on, within `length`.
    public init(length: Int, read: @escaping @Sendable (_ place: Int, _ count: Int) async throws(CloudError) -> [UInt8])
    {
        (self.length, self.read) = (length, read)
    }

    /// So many bytes from `place` on, all of them there.
    func window(_ place: UInt64, _ count: Int) async throws(CloudError) -> ImageWindow {
        guard place <= UInt64(length), count <= length - Int(place) else {
            throw .refusedImage("it ends before what it refers to")
        }
        let bytes = try await read(Int(place), count)
        guard bytes.count == count else { throw .fault("an image's bytes from \(place) on are \(bytes.count)") }
        return ImageWindow(bytes: bytes)
    }

    /// Whether so many bytes from `place` on lie within the file.
    func holds(_ place: UInt64, _ count: UInt64) -> Bool {
        place <= UInt64(length) && count <= UInt64(length) - place
    }
}

/// Some bytes of a file, and the numbers in them. Places are ours, and within.
struct ImageWindow: Sendable {
    let bytes: [UInt8]

    func big(_ place: Int, _ width: Int) -> UInt64 {
        bytes[place..<place + width].reduce(0) { $0 << 8 | UInt64($1) }
    }

    func little(_ place: Int, _ width: Int) -> UInt64 {
        bytes[place..<place + width].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    func starts(with text: String, at place: Int = 0) -> Bool { bytes[place...].starts(with: text.utf8) }
    func isZero(_ places: Range<Int>) -> Bool { bytes[places].allSatisfy { $0 == 0 } }
}

extension CloudError {
    /// What is said to somebody whose image is not taken.
    static func refusedImage(_ why: String) -> CloudError {
        .invalid("The image is refused: \(why).", field: "disk_format")
    }
}
