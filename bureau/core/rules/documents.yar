/* What no document that people send each other for business carries. `part` says what the scanned bytes are:
   an extension (the file as it is, in pieces), or something unpacked from it:
   member        a member of an archive        stream       a decoded stream of a PDF or a compound file
   attachment    a file attached to a PDF      name         the name of such a file
   pdf_objects   the objects of a PDF, names in plain writing
   pdf_opening   actions that run by themselves when a PDF is opened
   vba           the sources of all VBA modules of a workbook
   xlm           macro sheets of a workbook and names that run them
   fields        the field instructions of a text document, one a line */

rule EICAR_Test_File {
    strings:
        // brackets and backslashes may be escaped, as in the text of a PDF
        $test = /X5O!P%@AP\[4\\{1,2}PZX54\\?\(P\^\\?\)7CC\\?\)7\}\$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!\$H\+H\*/
    condition:
        $test
}

rule Program_Windows {
    strings:
        $dos = "MZ"
    condition:
        for any i in (1..#dos): (
            uint32(@dos[i] + 0x3c) < 0x10000 and uint32(@dos[i] + uint32(@dos[i] + 0x3c)) == 0x00004550
        )
}

rule Program_Linux {
    strings:
        $header = { 7f 45 4c 46 (01 | 02) (01 | 02) 01 [9] (01 | 02 | 03) 00 }
        $big_endian = { 7f 45 4c 46 (01 | 02) 02 01 [9] 00 (01 | 02 | 03) }
    condition:
        any of them
}

rule Picture_With_Script {
    strings:
        $php = "<?php" nocase
        $script = "<script" nocase
    condition:
        (part == "jpg" or part == "png" or part == "tiff") and any of them
}

rule PDF_Launches_Program {
    strings:
        $launch = "/S /Launch"
    condition:
        part == "pdf_objects" and $launch
}

rule PDF_Script_On_Opening {
    strings:
        $script = "/JS "
    condition:
        part == "pdf_opening" and $script
}

rule Attached_Program {
    strings:
        $name = /\.(bat|chm|cmd|com|cpl|exe|hta|iso|jar|jse?|lnk|msi|pif|ps1|reg|scr|vbe?|vbs|wsf)[\s."]*$/ nocase
    condition:
        part == "name" and $name
}

rule VBA_Runs_Program_On_Opening {
    strings:
        $open = /\b(auto_?(open|exec|close)|workbook_(open|activate|beforeclose)|document_(open|close))\b/ nocase
        $run1 = /\b(shell|shellexecute[aw]?|powershell|wscript\.shell|shell\.application|executeexcel4macro)\b/ nocase
        $run2 = /\b(urldownloadtofile[aw]?|xmlhttp|winhttprequest|adodb\.stream|virtualalloc|createthread)\b/ nocase
    condition:
        part == "vba" and $open and any of ($run*)
}

rule XLM_Runs_On_Opening {
    strings:
        $sheet = "macro sheet"
        $open = "auto_open"
    condition:
        part == "xlm" and all of them
}

rule DDE_Field {
    strings:
        $field = /\n[\s"]*DDE(AUTO)?[\s"\\]/ nocase
    condition:
        part == "fields" and $field
}

rule DDE_Link {
    strings:
        $link = /<(\w{1,40}:)?ddeLink[\s>]/
    condition:
        part == "member" and $link
}

rule DDE_Formula {
    strings:
        $formula = /[=+\-@*\/(&](cmd|powershell|pwsh|mshta|rundll32|regsvr32|certutil|bitsadmin|msexcel)(\.exe)?\s*\|/ nocase
    condition:
        (part == "csv" or part == "txt") and $formula
}
