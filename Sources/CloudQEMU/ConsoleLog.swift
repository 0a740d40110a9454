import CloudCore
import CloudHost

/// What a guest writes to its serial port: kept in a file that QEMU appends to, whether we live or not.
enum ConsoleLog {
    /// What is kept at least, and the most that is shown.
    static let kept = 1 << 20
    /// Above this the beginning is given back to the disk.
    static let bound = 4 << 20

    /// The last `lines` lines of what is kept, or all of it.
    static func read(_ path: String, lines: Int?) throws(CloudError) -> [UInt8] {
        let bytes = try Files.readTail(path, limit: kept)
        guard let lines else { return bytes }
        guard lines > 0 else { return [] }
        let newline = UInt8(ascii: "\n")
        // The newline at the very end closes the last line and begins none.
        var place = bytes.last == newline ? bytes.endIndex - 1 : bytes.endIndex
        var found = 0
        while place > 0 {
            if bytes[place - 1] == newline {
                found += 1
                if found == lines { break }
            }
            place -= 1
        }
        return Array(bytes[place...])
    }

    /// Gives the disk back all but the end of a log that has grown beyond the bound. QEMU, which appends to the
    /// file, notices nothing, and no byte of the end can be lost in between, as it could be by truncating.
    static func trim(_ path: String) throws(CloudError) {
        guard let info = Files.status(path), Int(info.st_blocks) * 512 > bound else { return }
        let end = (Int(info.st_size) - kept) / 4096 * 4096
        if end > 0 { try Files.punch(path, from: 0, to: end) }
    }
}
