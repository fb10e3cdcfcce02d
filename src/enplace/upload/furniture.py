"""What says little about what an entry is about, in six languages.

English, German, Spanish, French, Chinese and Japanese. A word of another language, or one that is
not here, is taken to tell something.
"""

import re

from enplace.records.lazy_pattern import lazy_pattern
from enplace.records.stems import stem
from enplace.records.stop_words import STOP_WORDS
from enplace.records.words import words

# --- words that stand in any entry ----------------------------------------------------------------

_ENGLISH = """
above absolutely activity address affair agree ahead ai aim almost already although always amazing
angry annoy answer apologise apologize approach appropriate area arrive asdf ashamed ask aspect
assist assistant attend available await aware awesome background bad bar basic baz be became become
began begin below best better big blah bored boring bot bother bright bring bunch busy call calm
came careful case catch catching category caught cause certain certainly chance change chat chatbot
choice choose chose chosen circumstance clear client close come coming comment common communicate
complain complaint complete completely complex complicated concept concern conclude confirm
confirmed confuse congratulate consider contact content context continue conversation cool cope
correct couple cover curious current customer data deal decide decision definitely delicate deliver
describe detail dialog did difference different difficult disappoint discuss discussion do down
dozen dummy eager easy effect element embarrassed encounter end enjoy ensure entry especially etc
event eventually everyday example excellent excite exciting exist experience explain explore express
extra fact factor fail fair false fantastic feel feeling felt figure file finally finding fine
finish first fix fixme follow foo forget forgot forward frustrate full fun funny further general
generally glad go goal good grateful great half handle handled happen happy hard hear hectic help
helpful hint hopeful hopefully horrible however huge human idea ignore imagine impact important
impressed impressive improve incredible info inform information instance instead interesting involve
ipsum issue item keep key kind large last late later latest like list listen little long look lorem
lot lovely lucky main major make manage manner many matter maybe mean measure meeting memorable
memories memory message method mind minor misc miscellaneous mixed model moment mood mostly multiple
na name nearly necessary negative nervous new next nice none normal note null number numerous object
occasion occur off often okay old one online option ordinary otherwise outcome overall part
particular past pend people perfect person piece place placeholder plan pleasant pleased plenty
point positive possibility possible possibly potential praise present pretty previous previously
private probably problem procedure proceed process progress project properly proud provide purpose
question quiet qwerty raise range rate reach ready real reason recap receive recent recommend record
refer regard relate relevant relieved remain remark reminder repeat reply report request resolve
respond response result return review right role rough run sad sample satisfied satisfy scare second
seek seem select self sense series serious serve session set setting several share shock short shown
side significant similar simple simply situation small solution solve somehow sometimes soon sorry
sort speak special specific spoke spoken spot start state stay stick stop story strange stress
struggle stuff stupid subject success successful successfully suffer suggest summarize summary sure
surely surprise system take taken talk task tba tbc tbd team temp terrible test testing thankful
therefore thing third thorough though thought time times title tmp today todo tomorrow tonight took
topic touch tough tricky trouble true trust turn twice type typical unclear undefined understand
understood unexpected unhappy unimportant unknown unlucky unpleasant unspecified unsure untitled
unusual up upcoming update upset urgent useful useless user usual usually vague variety various wait
warn way weird went while whole wish within without wonderful work worried worry worse worst worth
wrong yesterday young zero
"""

_GERMAN = """
aber abgemacht alle alles als also am an andere anderen anders anfangen angefangen angelegenheit
angenehm angerufen ansehen antwort anwender assistent auch auf aufgabe aus bald beantwortet bei
beide beim bekam bekommen benutzer benutzerin bereits beschaftigt besprechen besprechung besprochen
bin bis bisschen bleiben bleibt brauchen braucht da dabei damit dann daran darauf daruber darum das
dass davon dazu dem den denn der des deshalb dich die dies diese diesem diesen dieser dieses dir
diskutieren diskutiert doch dort dran du durch ein eine einem einen einer eines einige einigem
einigen einiges eintrag einverstanden endlich entscheidung entschieden er ereignis ergebnis erinnern
erklaren erklart erledigen erledigt erwahnt erwahnte erzahlt erzahlte es etwas euch fertig finden
findet frage fragen froh fuhlt fuhlte fuhr fur gab ganz geben gefallen gefallt gefragt gefreut
gefuhl gegangen gegen gehabt gehen geht geklart gekommen gelost gemacht genau genug gerade gern
gesagt geschichte gesehen gesprach gesprochen gestern getroffen gewesen gewusst ging glucklich gross
gut gute habe haben hast hat hatte hatten her heute hier hilfe hin hoffen holen ich ihm ihn ihnen
ihr ihre ihrem ihren ihrer im immer in interessant irgendein irgendwann irgendwas irgendwer
irgendwie irgendwo ist ja jedoch jemand jetzt kam kann kein keine kennen klappt klar klein kommt
konnen konnte kunde lange langer lassen lauft leben letzte letzten leute lieber lief losen losung
machen macht mal manche mehr mein meine meinte meinung mensch merken merkte mich mir mit moglich
mogliches morgen muss mussen nach nachricht nachste nachsten nett neue neues neuigkeiten nicht
nichts noch notiz nun nur nutzer nutzerin ob oder ohne ordnung passiert passierte per plan plane
planen probleme projekt punkt recht reden redet redete sache sachen sagen sagte schaffen schlecht
schlimm schon schwierig sehr sein seine seinem seinen seiner seit sich sicher sie sind situation so
soll sollte sondern sonst sonstiges spannend spass spater sprach sprechen stimmt stimmung super
thema thematik themen toll traurig treffen trotzdem tun uber ubermorgen um und uns unser unsicher
unter unterhaltung vergessen verschieden verschiedene verschiedenes viel viele vieles vielleicht vom
von vor vorbei wahrscheinlich war waren warten warum was weg weil weiss weiter welche wenn wer
werden wichtig wichtige wichtiges wie wieder will wir wird wissen wo wollen wollte wollten worden
wunsch wurde wurden wusste ziemlich zu zufrieden zum zur zuruck zusammen zwischen
"""

_SPANISH = """
a acordaron acuerdo ahora al algo alguien algun alguna algunas algunos alli anoche antes aqui asi
asistente asunto aun aunque ayer ayuda bastante bien bonito buena bueno busca cada cambio cansado
casi charla claro cliente comento como con contenta contento conto conversacion conversamos cosa
cosas cual cuando cuanto cuestion de debe debemos decidio deja del desde despues dia dice dicho
dieron dificil dijo divertido donde dos duda e el ella ellas ellos empezo en encanta entendido
entonces entre era eran es esa esas ese eso esos especial espera esperar espero esta estaba estan
estar estas este esto estos estuvimos estuvo facil falta feliz fue fueron funciona genial gracias
gran grande ha haber habia habian habla hablamos hablar hablo hace hacemos hacer hacerlo han hasta
hay he hicimos hizo hoy hubo iba ideas igual importante informacion interesante ir la lado las le
les listo llama llego llevo lo los luego mal malo manana mas mayor me mejor mejorar menciono menos
mensaje mi mientras mis misma mismo momento momentos muchas mucho muchos muy nada necesario necesita
ni no nos nosotros nota nuestra nuestro nueva nuevo o ocupado ocurrio olvidar otra otras otro otros
para parece paro parte pasa pasado pasamos paseo paso pendiente pendientes pensar pense peor pero
persona personas pidio poco por porque posible pregunta preguntas pregunto preocupado primero
problema problemas pronto proximo proyecto prueba pudo puede pues puso que quien quiere quiza quizas
raro recordar resolvio respondio respuesta resultado reunion sabe saber salio se seguir segun seguro
semana sentido sentir ser si sido siempre siente sigue sin situacion sobre solo solucion su supo sus
tal tambien tampoco tan tanto tarea te tema temas tenia terminar termino tiempo tiene tienen tipo
toda todas todavia todos tranquilo triste tu ultima ultimo un una unas uno unos usuaria usuario va
vamos varias varios veces ver vez viene vimos vino vio visita volver volvio y ya yo
"""

_FRENCH = """
accord affaire aide ailleurs aime aimerait aller allons alors ancien apres arrive arriver as assez
attendre au aucun aujourd aussi autre autres aux avait avance avant avec avoir beaucoup besoin bien
bientot bizarre bon bonne c ca ce cela celle celui certaine certainement certains ces cet cette
change changer chaque chez choix choses chouette clair comme content contente contents d dans de
deja demain demandait demande depuis dernier derniere derniers deroule des deux difficile dire
discute discuter dit divers diverses doit doivent donc donnee dont du dur elle elles en encore enfin
ennui ensemble entre envie est et etaient etait ete etions etre eu eux evenement explique expliquer
facile faire fait fatigue faut fini finir fois forme formidable genre gens gentil grand grande grave
heureuse heureux hier hui ici idee idees il ils importante impression inquiet interessant
interessante j jamais je jusque juste l la le lendemain les leur leurs loin long longtemps lors lui
m ma maintenant mais mal marche mauvais mauvaise me meme mention mentionne mes mieux moi moins
moment moments mon n ne necessaire ni normal nos notre nous nouveau nouvelle nouvelles occupe on ont
ou oublier par parce parle parler pas pendant pense penser personne petit petite peu peut plaisir
plus plusieurs pose possible pour pourquoi pourrait pouvoir pres presque probleme problemes prochain
prochaine projet puis qu quand que quel quelqu quelque quelques questions qui quoi rappeler regle
repondu reponse resolu resoudre reste rester resultat reunion revient revoir revu rien s sa sait
sans savoir se semble sent sera ses seul si simple sinon soit sont sous souvent suis suivre sujet
sujets super sur sympa t tard te tel tellement terrible tot toujours tous tout toute toutes tres
trop trouve trouver truc trucs tu un une utilisateur utilisatrice va venir venu vers veut visite
vite voila voir votre voulait vous vrai vraiment vu y
"""

_HEDGES = """
anything some somebody somehow someone something sometime somewhere stuff thing things various
whatever
etwas irgendein irgendwann irgendwas irgendwer irgendwie irgendwo jemand sache sachen
algo alguien cosa cosas varias varios
chose choses divers quelqu quelque truc trucs
"""

_PLACEHOLDERS = """
asdf bar baz blah dummy fixme foo ipsum lorem misc na none null placeholder qwerty sample tba tbc
tbd temp test tmp todo undefined untitled
sonstiges prueba divers
"""

# --- words that tell a little ---------------------------------------------------------------------

_TOPICS = """
ability account action adventure agreement algorithm aligned alignment ambition analysis api apology
app application applied apply appointment art article attended attention attitude balance behavior
behaviour belief benefit bill body book boss bought branch breakfast breakthrough brother budget bug
bugfix business buy camera capacity car career cat celebration ceremony challenge character check
checkup child children city class classmate code coding collaboration colleague college commitment
communication community company comparison computer concert condition conference conflict connection
consideration contract contribution control cook cost country course coworker craft crash creativity
crisis culture cut dad database date daughter day deadline debate delivery demand deploy deployment
design desk development device diet dimension dinner direction dislike doctor document dog drawing
dream drink drive duty early eat economy education efficiency efficient effort email emergency
emotion emotional employee employer encouragement energy engagement english environment error
evaluation evening evidence exam exercise existence expect expectation expected explanation family
fashion father feature feedback fell film finance finances find fitness focus food football force
form found framework freedom friday fridge friend friendship function future game gaming garden gave
gear gift girl give gone got grandchild grandparent growth guest habit hate health heard held hiking
hobby hold holiday home hope hospital hotel hour house housing husband importance improvement
increase influence initiative innovation insight installation intention interest interface internet
interview invoice job join joined journey kid kitchen knew knowledge language law leadership learn
length lesson let letter level life lifestyle limit live lives loan login lose lost love lunch
machine made management manager marriage meal medicine meet met mindset minute mission mom monday
money month morning mother motivation move movie mum music nature need neighbor neighbour network
news night offer office once opinion opportunity order organization outdoors package paid pain
painting paper parent park partner party password pattern pay payment performance pet phase
philosophy phone photo picture play policy politics poor position power practice prefer preference
presentation pressure price priority product production productive productivity program programming
promotion proposal purchase put quality query quit reaction read reading reality reboot recipe
recommendation refactor refactoring relation relationship relative release religion repository
requirement research resource responsibility rest restart restaurant risk room roommate routine
saturday savings saw school science script security sell seminar send sent server service settings
settle setup shop shopping show sightseeing sister skill sleep society software sold son song sound
spend spent sport staff stage standard status step stock strategy structure study style suggestion
summer sunday support symptom synergy table tax teacher tech technology teenager theory thinking
thursday tip tool training transport travel trend tried trip truth try tuesday tv understanding
university upgrade use vacation value version video view vision visit walk want watch water wear
weather web website wednesday week weekend weight well-being wellbeing wife winter workshop world
worn write writing wrote year
"""

_TOPICS_BEYOND_ENGLISH = """
abend achat achats achete ami amie amiga amigo amigos amis annee anniversaire ano anruf appel arbeit
arbeiten argent arte arzt arztin auto avenir beruf besuch besucht beziehung boda boulot buch bucher
bureau cadeau carrera casa chien ciudad clase coche comida comio compra compras compro correo cours
cuisine cumpleanos datenbank deporte dinero docteur doctora ecole ecrit einkauf einkaufen empresa
enfant enfants entreprise escuela essen examen familia familie famille feier fest fete fiesta fille
fils fin firma frere freund freunde freundin garten gato geburtstag gegessen gekauft geld gesundheit
gusta haus hermana hermano hija hijas hijo hijos hund idioma jahr jardin jefe jeu jour juego katze
kaufen kind kinder kollege kollegin kuche kunst kurs laden langue libro livre madre maison medecin
medica medicina medico mere mois monat monde movil mundo musica musik musique mutter nachbar
nachbarin noche noticias nourriture novia novio ordenador ordinateur padre paket pelicula pere perro
planes programa prufung rechnung regalo reise relacion rendez repas restaurante rezept salud sante
schule semaine serie soeur soir spiel sprache stadt stress studium tag tarde technik telefon
telefono telephone temps termin tienda trabajo travail ubung umzug unfall urlaub vacaciones vacances
vater vecina vecino verein vertrag viaje vida vie ville voisin voisine voiture voyage wetter woche
wochenende wohnen wohnung zeit zukunft
"""

_EVERYDAY = """
accident airport animal anniversary argument ate aunt award baby bag ball band bank bath beach beat
bed bike bird birth birthday bit blew boat boil bottle box bread bridge broke building built burnt
bus camp camping celebrate chair cheap cloth clothes coffee cold contest corner cousin cry cup cute
dance dark death decorate dish dispute door drank dress drew drop drove dry dug eight empty ended
engine entertain entrance equipment expensive eye face fall farm fear fed festival fight fill fire
fish fit five flew floor flower fly foot forest fought four fruit furniture gather graduation
grandfather grandmother grew grow guy gym hair hand harvest head heat heavy hid hide hill hire hit
hot hurt ice ill illness incident injury insect instrument invite jacket joke jump laid laugh launch
led left light lit lock luggage man meat medication member milk mirror mistake mountain nap
neighborhood neighbourhood nephew niece nine noise nurse open operation outage paint pair parcel
pass path pick pity plane plant plate pool prepare promise pull push quick race rain ran rang raw
regular rent repair rice ride ring river road rode rose rule safe salary salt sang sat save sea seat
secret seven shape shirt shoe shook shot shut sick sign sing sit six size sky slept slow smell smile
snow soft soup space stand station steal stole stolen stone stood storm street strong struck stuck
subscription sugar suit sun surgery swam sweet swim swore talent taste taught teach ten theft
therapy three throw thrown ticket tire tired tour town toy train treatment tree truck two uncle
unwell upstairs vaccine vegetable vehicle village voice wake wall warm wash wedding well wind window
wine woman won wood yard
"""

_MONTHS = """
january february march april may june july august september october november december
januar februar marz april mai juni juli august september oktober november dezember
enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre
"""

# --- phrases of languages without spaces ----------------------------------------------------------

_CHINESE = """
用户 助手 我们 你们 他们 她们 它们 咱们 大家 有人 别人 某人 某个 某些 一些 一个 一下 一点 一件
一次 这个 那个 这些 那些 这件 那件 这样 那样 什么 怎么 为什么 事情 东西 问题 话题 内容 情况
方面 事 件 说了 说过 说 谈到 谈了 谈论 谈 聊了 聊天 聊到 聊 讨论 提到 提了 提出 告诉 询问 回答
问 答 表示 觉得 认为 知道 记住 忘记 记录 笔记 对话 会话 消息 总结 信息 出现 解决 处理 完成 进行
开始 结束 发生 决定 同意 需要 可能 应该 可以 希望 想要 想去 想 做 去 来 到 见面 见 很 非常 比较
真的 重要 有趣 有意思 开心 高兴 难过 不错 挺好 还好 好 坏 忙 以后 以前 之后 之前 后来 然后 最近
今天 明天 昨天 现在 时候 再 就 都 也 还 又 才 只 不要 不 没有 没 别 了 的 着 过 吧 呢 吗 啊 是
有 在 和 与 跟 对 把 被 给 让 从 向 为 于 按 由 以 及 或 但 而 因为 所以 如果 虽然 我 你 他 她
它 您 这 那 哪 谁 几 个 各种 各 其他 其它 测试 待办 占位 无 暂无 继续 开会 会议 下次 上次 这次
有点 左右 终于 已经 正在 顺利 成功 失败 满意 担心 努力 加油 安排 准备 打算 介绍 解释 分享 交流
沟通 联系 感觉 发现 使用 办法 方法 结果 原因 部分 时间 地方 大概 也许 一起 一直 有时 有用
没什么 不太 不好 还行 还可以 考虑 选择 改变 变化 了解 帮助 帮忙 支持 建议 意见 想法 心情
"""

_CHINESE_TRADITIONAL = """
用戶 我們 你們 他們 她們 某個 一個 一點 這個 那個 這些 這件 這樣 那樣 什麼 怎麼 為什麼 東西
問題 話題 內容 情況 說了 說過 說 談到 談了 談論 談 討論 告訴 詢問 問 覺得 認為 記住 忘記 記錄
筆記 對話 會話 總結 訊息 資訊 出現 解決 處理 進行 開始 結束 發生 決定 應該 來 見面 見 開心 高興
難過 不錯 還好 以後 之後 後來 然後 現在 時候 還 沒有 沒 別 過 嗎 與 對 給 讓 從 這 誰 幾 個
因為 雖然 測試 待辦
"""

_JAPANESE = """
ユーザー アシスタント 何か なにか 何 誰か だれか どこか いつか いろいろ 色々 様々 さまざま こと
事 もの 件 話題 内容 問題 質問 答え 回答 返事 情報 メモ 記録 会話 話 言 思 考 聞 見 知 分 確認
解決 決定 決 予定 計画 大事 重要 大切 必要 特別 面白 楽 嬉 良 悪 大丈夫 最近 今日 明日 昨日 後
前 時 今 私 僕 俺 彼女 彼 自分 人 みんな 皆 テスト サンプル 未定 その他 など について に関して
それ これ あれ どれ その この あの どの そう こう ああ まだ もう また とても すごく かなり
ちょっと 少し たくさん ありがとう ある あり ない なく なかった いる います でした です ました
ます した して する され だった よかった よい いい そのうち あとで から まで ので のに けど
だけ しか ため という ください 行き 行く 行った 来た 来る 続き 続け 次回 前回 今回 今度 終わ 始
買い 買った 買う 出来 結果 状況 状態 理由 方法 意見 気持ち 気 相談 連絡 説明 報告 検討 検討中
対応 変更 変わ 作業 準備 終了 完了 成功 失敗 満足 心配 頑張 一緒 少々 結構 本当 普通 以上 以下
全部 一部 場合 時間 場所 感じ ところ みたい よう らしい なった なる なり できた できる もらった
くれた しまった
"""

_TOPICS_UNSPACED = """
工作 家庭 家人 朋友 旅行 旅游 健康 食物 吃饭 音乐 电影 学习 学校 公司 项目 计划 天气 生活
数据库 电脑 代码 钱 运动 爱好 仕事 家族 友達 友人 食べ物 食事 音楽 映画 勉強 会社 会議 天気
コード お金 趣味 プロジェクト データベース 同事 老板 同学 老师 孩子 父母 妈妈 爸爸 医生 医院
手机 网站 软件 程序 购物 买东西 餐厅 晚饭 午饭 周末 假期 生日 礼物 考试 课程 书 房子 看病 聚会
同僚 上司 先生 子供 両親 母 父 医者 病院 携帯 買い物 週末 休日 誕生日 プレゼント 授業 本 家
パーティー ゲーム 料理 散歩 運動 アプリ パソコン ソフト
"""

# --- the tables -----------------------------------------------------------------------------------


def among(word: str, table: frozenset[str]) -> bool:
    """Whether a table has a word or, in English, another form of it."""
    if word in table:
        return True
    root = stem(word)
    return f"{root}~" in table and (len(root) > 3 or bool(_ENDING.fullmatch(word, len(root))))


_ENDING = re.compile(r"s|es|.?(?:ed|ing)")
"""What a root of three letters may end in: `ines` is no form of `in`."""


def _exact(*texts: str) -> frozenset[str]:
    return frozenset(word for text in texts for word in words(text))


def _inflected(text: str) -> frozenset[str]:
    return _exact(text) | {f"{stem(word)}~" for word in words(text)}


FURNITURE = _inflected(_ENGLISH) | _exact(_GERMAN, _SPANISH, _FRENCH) | STOP_WORDS
"""Words that say nothing about what is meant."""

TOPICS = _inflected(_TOPICS) | _exact(_TOPICS_BEYOND_ENGLISH)
"""What many entries are about: a row of them still fits too many to find one."""

EVERYDAY = _inflected(_EVERYDAY)
"""Things and deeds of every day: several together are particular."""

MONTHS = frozenset(_MONTHS.split())

HEDGES = _exact(_HEDGES)
"""What stands for something that was not said."""

PLACEHOLDERS = _exact(_PLACEHOLDERS)


def _either(text: str) -> re.Pattern[str]:
    longest_first = sorted(set(text.split()), key=lambda phrase: (-len(phrase), phrase))
    return lazy_pattern("|".join(longest_first))


UNSPACED_FURNITURE = _either(_CHINESE + _CHINESE_TRADITIONAL + _JAPANESE)
UNSPACED_TOPICS = _either(_TOPICS_UNSPACED)
