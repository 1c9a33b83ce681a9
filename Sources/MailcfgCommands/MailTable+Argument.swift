public import ArgumentParser
public import SendmailDirectory

extension MailTable: ExpressibleByArgument {}
