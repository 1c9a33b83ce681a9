internal import BerkeleyDB
internal import SendmailConfig
