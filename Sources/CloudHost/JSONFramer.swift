import NIOCore

/// Finds where each JSON value ends in a stream of them, by counting brackets outside strings.
///
/// Takes objects and arrays only: neither OVSDB nor QMP sends anything else at the top.
struct JSONFramer {
    /// The most bytes that one value may have.
    let limit: Int
    private var frame: [UInt8] = []
    private var depth = 0
    private var inString = false
    private var escaped = false

    init(limit: Int) { self.limit = limit }

    enum Broken: Error { case tooLong, notJSON }

    /// Takes more bytes and returns the values that are whole by now.
    mutating func take(_ buffer: inout ByteBuffer) throws(Broken) -> [[UInt8]] {
        var whole: [[UInt8]] = []
        while buffer.readableBytes > 0 {
            let (used, ends) = try buffer.withUnsafeReadableBytes { (bytes) -> Result<(Int, Bool), Broken> in
                Result { () throws(Broken) in try scan(bytes) }
            }.get()
            if used > 0 { frame.append(contentsOf: buffer.readBytes(length: used)!) }
            guard frame.count <= limit else { throw .tooLong }
            if ends {
                whole.append(frame)
                frame = []
            }
        }
        return whole
    }

    /// How many bytes belong to the present value, and whether it ends with them.
    private mutating func scan(_ bytes: UnsafeRawBufferPointer) throws(Broken) -> (Int, Bool) {
        for (place, byte) in bytes.enumerated() {
            if inString {
                if escaped {
                    escaped = false
                } else if byte == UInt8(ascii: "\\") {
                    escaped = true
                } else if byte == UInt8(ascii: "\"") {
                    inString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth == 0 { return (place + 1, true) }
                if depth < 0 { throw .notJSON }
            case UInt8(ascii: "\""):
                guard depth > 0 else { throw .notJSON }
                inString = true
            case 0x20, 0x09, 0x0a, 0x0d: break
            default: guard depth > 0 else { throw .notJSON }
            }
        }
        return (bytes.count, false)
    }
}
